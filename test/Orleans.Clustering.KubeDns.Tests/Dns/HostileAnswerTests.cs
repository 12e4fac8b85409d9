using Orleans.Clustering.KubeDns.Dns;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsBytes;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsSrvResolverTests;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>Answers that no CoreDNS sends. Each must end as an outcome that proves nothing.</summary>
public sealed class HostileAnswerTests
{
    public static TheoryData<string> Attacks => [.. Hostile.Keys];

    internal static Dictionary<string, Func<byte[], DnsBytes>> Hostile { get; } = new()
    {
        ["another id"] = query => One(query).Id((query[0] << 8 | query[1]) ^ 1),
        ["another question"] = query => One(AnswerTo(Ask("_discovery._tcp.other.shop.svc.cluster.local."))
            .Id(query[0] << 8 | query[1]).ToArray()).Id(query[0] << 8 | query[1]),
        ["NXDOMAIN to another question"] = query => AnswerTo(Ask("_x._tcp.other.shop.svc.cluster.local."), NxDomain)
            .Id(query[0] << 8 | query[1]),
        ["another owner"] = query => AnswerTo(query).AddSrv("_x._tcp." + Service, "a." + Service, 1),
        ["another type"] = query => AnswerTo(query).AddAnswer(Question, "10.0.0.1"),
        ["another class"] = query => AnswerTo(query).AddSrv(Question, "a." + Service, 1, kind: 3),
        ["the question itself"] = query => One(query).Flags(0x0100),
        ["a notify"] = query => One(query).Flags(0x8500 | 4 << 11),
        ["no question repeated"] = query => NoQuestion(query),
        ["name that points at itself"] = query => AnswerTo(query).Add(1, [0xC0, Here(query)], Srv, 5, Data(1)),
        ["names that point at each other"] = query => AnswerTo(query)
            .Add(1, [0xC0, (byte)(Here(query) + 2), 0xC0, Here(query)], Srv, 5, Data(1)),
        ["pointer past the end"] = query => AnswerTo(query).Add(1, [0xFF, 0xFF], Srv, 5, Data(1)),
        ["length past the end"] = query => AnswerTo(query).Add(1, Name(Question), Srv, 5, Data(1), length: 60000),
        ["length too short"] = query => AnswerTo(query).Add(1, Name(Question), Srv, 5, Data(1), length: 3),
        ["more records announced than sent"] = query => One(query).Count(1, 65535),
        ["address of three octets"] = query => One(query).Add(3, Name("silo-0." + Service), A, 5, [10, 0, 0]),
        ["port 0"] = query => AnswerTo(query).AddSrv(Question, "silo-0." + Service, 0),
        ["the root as target"] = query => AnswerTo(query).AddSrv(Question, ".", 1),
        ["a target with control characters"] = query => AnswerTo(query).AddSrv(Question, "a\nb\u0001." + Service, 1),
        ["a target of 64 KiB"] = query => AnswerTo(query).AddSrv(Question, LongName(4000), 1),
        ["broken punycode"] = query => AnswerTo(query).AddSrv("xn--0000000000h.local.", "a." + Service, 1),
    };

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Each_becomes_an_outcome_without_targets(string attack)
    {
        await using var server = RawDnsServer.Start((query, _) => Reply(Hostile[attack](query)));

        var answer = await new DnsSrvResolver(Settings(server.EndPoint)).ResolveAsync(Question, default);

        Assert.True(
            answer.Outcome is DnsOutcome.Malformed or DnsOutcome.TimedOut or DnsOutcome.Incomplete,
            $"{answer.Outcome}: {answer.Detail}");
        Assert.Empty(answer.Targets);
        Assert.DoesNotContain('\n', answer.Detail);
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Over_UDP_only_each_is_put_right_by_the_answer_over_TCP(string attack)
    {
        // These the parser accepts; they are judged after the exchange, and a second way would say the same.
        if (attack is "port 0" or "the root as target" or "a target with control characters" or "a target of 64 KiB")
        {
            return;
        }

        await using var server = RawDnsServer.Start((query, tcp) =>
            Reply(tcp ? One(query) : Hostile[attack](query)));

        var answer = await new DnsSrvResolver(Settings(server.EndPoint)).ResolveAsync(Question, default);

        Assert.Equal(DnsOutcome.Records, answer.Outcome);
        Assert.True(answer.ViaTcp);
    }

    [Fact]
    public async Task Records_for_64_KiB_are_read_or_refused_but_bounded()
    {
        await using var server = RawDnsServer.Start((query, tcp) =>
        {
            var message = AnswerTo(query, truncated: !tcp);
            for (var i = 0; tcp && i < 3200; i++)
            {
                message.Add(1, [0xC0, 12], Srv, 5, [0, 0, 0, 0, (byte)(i >> 8), (byte)(i | 1), 0xC0, 12]);
            }

            return Reply(message);
        });

        var settings = Settings(server.EndPoint) with { TotalTimeout = TimeSpan.FromSeconds(20) };
        var answer = await new DnsSrvResolver(settings)
            .ResolveAsync(Question, default);

        Assert.Equal(DnsOutcome.Incomplete, answer.Outcome);
        Assert.InRange(answer.Targets.Length, 1, 1024);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65535)]
    public async Task A_lie_about_the_length_over_TCP_times_out(int length)
    {
        await using var server = RawDnsServer.Start((query, tcp) =>
            tcp ? new RawReply(One(query).ToArray(), length) : Reply(AnswerTo(query, truncated: true)));
        var settings = Impatient(server.EndPoint) with { Tries = 1 };

        var answer = await new DnsSrvResolver(settings).ResolveAsync(Question, default);

        Assert.True(answer.Outcome is DnsOutcome.Incomplete or DnsOutcome.Malformed, $"{answer.Outcome}");
        Assert.Empty(answer.Targets);
    }

    [Fact]
    public async Task Loops_in_the_question_section_end()
    {
        await using var server = RawDnsServer.Start((query, _) =>
            new RawReply([query[0], query[1], 0x85, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0xC0, 12, 0, 33, 0, 1]));

        var answer = await new DnsSrvResolver(Settings(server.EndPoint)).ResolveAsync(Question, default);

        Assert.Empty(answer.Targets);
    }

    private static byte[] Data(byte port) => [0, 0, 0, 16, 0, port, .. Name("a." + Service)];

    internal static byte[] Ask(string name) => [0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, .. Name(name), 0, 33, 0, 1];

    private static byte Here(byte[] query) => (byte)AnswerTo(query).ToArray().Length;

    private static DnsBytes NoQuestion(byte[] query)
    {
        var message = new DnsBytes().Id(query[0] << 8 | query[1]).Flags(0x8500);
        return message.AddSrv(Question, "a." + Service, 1).AddGlue("a." + Service, "10.0.0.1");
    }

    // Over UDP it must fit a datagram, and 4000 octets are far past any legal name.
    private static string LongName(int octets) =>
        string.Join('.', Enumerable.Repeat(new string('a', 49), octets / 50));
}
