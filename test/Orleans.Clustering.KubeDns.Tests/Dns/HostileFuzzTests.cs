using Orleans.Clustering.KubeDns.Dns;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>
/// Thousands of damaged answers through real sockets. <c>KUBEDNS_FUZZ_SEED</c> and <c>KUBEDNS_FUZZ_COUNT</c> draw
/// others.
/// </summary>
public sealed class HostileFuzzTests(ITestOutputHelper output)
{
    private static readonly int Seed = Number("KUBEDNS_FUZZ_SEED", 20_251_124);
    private static readonly int Count = Number("KUBEDNS_FUZZ_COUNT", 1_500);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task No_answer_escapes_as_an_exception_or_outlasts_the_bound(int half)
    {
        var answers = new HostileAnswers(Seed + half);
        await using var server = RawDnsServer.Start(answers.Next);
        var settings = new DnsSettings
        {
            NameServers = () => [server.EndPoint],
            TryTimeout = TimeSpan.FromMilliseconds(60),
            Tries = 1,
            TotalTimeout = TimeSpan.FromSeconds(1),
            MaxTargets = 100,
        };
        var resolver = new DnsSrvResolver(settings);
        var outcomes = new SortedDictionary<DnsOutcome, int>();
        for (var i = 0; i < Count; i++)
        {
            var answer = await resolver.ResolveAsync(DnsSrvResolverTests.Question, default);
            outcomes[answer.Outcome] = outcomes.GetValueOrDefault(answer.Outcome) + 1;
            Check(answer, $"seed {Seed + half}, answer {i}");
        }

        output.WriteLine($"seed {Seed + half}, {server.UdpQuestions} questions over UDP,"
            + $" {server.TcpQuestions} over TCP: {string.Join(", ", outcomes)}");
        DnsOutcome[] expected =
            [DnsOutcome.Records, DnsOutcome.NxDomain, DnsOutcome.NoData, DnsOutcome.ServFail, DnsOutcome.Refused,
             DnsOutcome.Incomplete, DnsOutcome.Malformed];
        Assert.All(expected, outcome => Assert.Contains(outcome, outcomes.Keys));
    }

    private static void Check(SrvAnswer answer, string which)
    {
        // The bound, and room for a machine that does something else meanwhile.
        Assert.True(answer.Took < TimeSpan.FromSeconds(6), $"{which}: took {answer.Took}");
        Assert.InRange(answer.Targets.Length, 0, 100);
        Assert.All(answer.Targets, t => Assert.True(DnsName.IsHostName(t.Target) && t.Port is > 0 and < 65536, which));
        Assert.True(answer.Detail.Length < 1000 && !answer.Detail.Contains('\n'), which);
        Assert.InRange(answer.MaxTtl, answer.MinTtl, TimeSpan.FromDays(1));
        switch (answer.Outcome)
        {
            case DnsOutcome.Records:
                Assert.NotEmpty(answer.Targets);
                Assert.All(answer.Targets, t => Assert.NotEmpty(t.Addresses));
                break;
            case DnsOutcome.Incomplete:
                break;
            default:
                Assert.Empty(answer.Targets);
                break;
        }
    }

    private static int Number(string variable, int fallback) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : fallback;
}
