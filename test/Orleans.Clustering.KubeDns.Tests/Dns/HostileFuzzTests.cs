using Orleans.Clustering.KubeDns.Dns;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>
/// Damaged answers: a hundred thousand to the library in this process, thousands through real sockets.
/// <c>KUBEDNS_FUZZ_SEED</c> and <c>KUBEDNS_FUZZ_COUNT</c> draw others.
/// </summary>
public sealed class HostileFuzzTests(ITestOutputHelper output)
{
    private static readonly int Seed = Number("KUBEDNS_FUZZ_SEED", 20_251_124);
    private static readonly int Count = Number("KUBEDNS_FUZZ_COUNT", 1_000);

    // What one datagram may allocate while it is parsed; a twentieth of it is alive at a time.
    private const long DatagramBound = 256 * 1024 * 1024;

    private const int InProcessCount = 100_000;

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

    [Fact]
    public async Task A_hundred_thousand_answers_in_process_end_as_outcomes()
    {
        var answers = new HostileAnswers(Seed);
        var fed = 0;
        var resolver = InProcess((query, tcp) =>
        {
            fed++;
            return answers.Next(query, tcp)?.Bytes;
        });
        var outcomes = new SortedDictionary<DnsOutcome, int>();
        for (var i = 0; fed < InProcessCount; i++)
        {
            var answer = await resolver.ResolveAsync(DnsSrvResolverTests.Question, default);
            outcomes[answer.Outcome] = outcomes.GetValueOrDefault(answer.Outcome) + 1;
            Check(answer, $"seed {Seed}, look-up {i}");
        }

        output.WriteLine($"{fed} answers: {string.Join(", ", outcomes)}");
        Assert.Equal(7, outcomes.Count(outcome => outcome.Value > 50));
    }

    public static TheoryData<string> Kept => [.. DnsCorpus.All.Keys];

    [Theory]
    [MemberData(nameof(Kept))]
    public async Task A_kept_answer_proves_nothing_unless_it_is_sound(string name)
    {
        var resolver = InProcess((query, _) => DnsCorpus.For(query, DnsCorpus.All[name]));
        var answer = await resolver.ResolveAsync(DnsSrvResolverTests.Question, default);
        Check(answer, name);
        Assert.Equal(name == "sound", answer.Outcome == DnsOutcome.Records);
        Assert.Equal(name.StartsWith("sound"), !answer.Targets.IsEmpty);
    }

    [Fact]
    public async Task The_costliest_datagram_known_costs_no_more_than_the_stated_bound()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var resolver = InProcess((query, tcp) => tcp ? null : DnsCorpus.Amplified(query, DnsCorpus.Datagram));
        var look = resolver.ResolveAsync(DnsSrvResolverTests.Question, default);
        var over = GC.GetAllocatedBytesForCurrentThread() - before;
        Check(await look, "the costliest");
        output.WriteLine($"{over} bytes allocated");
        Assert.InRange(over, 1_000_000, DatagramBound);
    }

    private static DnsSrvResolver InProcess(Func<byte[], bool, byte[]?> answer) => new(
        new DnsSettings
        {
            NameServers = () => [new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 53)],
            Tries = 1,
            MaxTargets = 100,
        },
        library: LibraryWithoutSockets.Make(answer));

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
