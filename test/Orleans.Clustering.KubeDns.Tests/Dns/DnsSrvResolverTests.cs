using System.Diagnostics;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsBytes;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

public sealed class DnsSrvResolverTests
{
    internal const string Question = "_discovery._tcp.orleans.shop.svc.cluster.local.";
    internal const string Service = "orleans.shop.svc.cluster.local.";

    [Fact]
    public async Task Records_with_glue_become_targets_with_addresses()
    {
        await using var server = RawDnsServer.Start((query, _) => Reply(AnswerTo(query)
            .AddSrv(Question, "silo-1." + Service, 11112, ttl: 30)
            .AddSrv(Question, "silo-0." + Service, 11112)
            .AddGlue("silo-0." + Service, "10.1.0.1")
            .AddGlue("silo-0." + Service, "fd00::1")
            .AddGlue("silo-1." + Service, "10.1.0.2")));

        var answer = await AskAsync(server);

        Assert.Equal(DnsOutcome.Records, answer.Outcome);
        Assert.Equal(
            ["silo-0.orleans.shop.svc.cluster.local:11112 [10.1.0.1, fd00::1]",
             "silo-1.orleans.shop.svc.cluster.local:11112 [10.1.0.2]"],
            answer.Targets.Select(t => t.ToString()));
        Assert.Equal(TimeSpan.FromSeconds(5), answer.MinTtl);
        Assert.Equal(TimeSpan.FromSeconds(30), answer.MaxTtl);
        Assert.False(answer.ViaTcp);
        Assert.False(answer.SawZeroTtl);
        Assert.Equal(server.EndPoint, answer.Server);
        Assert.Equal(1, server.UdpQuestions);
    }

    [Fact]
    public async Task Names_match_whatever_their_letters_and_doubles_are_dropped()
    {
        await using var server = RawDnsServer.Start((query, _) => Reply(AnswerTo(query)
            .AddSrv(Question.ToUpperInvariant(), "Silo-0.orleans.shop.svc.Cluster.Local.", 11112)
            .AddSrv(Question, "silo-0." + Service, 11112)
            .AddSrv(Question, "silo-0." + Service, 30000)
            .AddGlue("SILO-0." + Service, "10.1.0.1")));

        var answer = await AskAsync(server);

        Assert.Equal([11112, 30000], answer.Targets.Select(t => t.Port));
        Assert.All(answer.Targets, t => Assert.Equal("silo-0.orleans.shop.svc.cluster.local", t.Target));
        Assert.All(answer.Targets, t => Assert.Equal("10.1.0.1", string.Join(",", t.Addresses)));
    }

    [Fact]
    public async Task The_question_is_absolute_plain_and_offers_1232_octets()
    {
        byte[]? seen = null;
        await using var server = RawDnsServer.Start((query, _) =>
        {
            seen = query;
            return Reply(AnswerTo(query, NxDomain));
        });

        await AskAsync(server, Question.TrimEnd('.'));

        Assert.Equal(Question, NameOf(seen!));
        Assert.Equal(Srv, TypeOf(seen!));
        byte[] opt = [0, 0, 41, 1232 >> 8, 1232 & 255];
        Assert.True(seen.AsSpan().IndexOf(opt) > 12, Convert.ToHexString(seen!));
    }

    [Theory]
    [InlineData(NxDomain, "NxDomain")]
    [InlineData(ServFail, "ServFail")]
    [InlineData(Refused, "Refused")]
    [InlineData(4, "Refused")]
    [InlineData(NoError, "NoData")]
    public async Task Each_code_is_an_outcome_of_its_own(int code, string outcome)
    {
        await using var server = RawDnsServer.Start((query, _) => Reply(AnswerTo(query, code)));

        var answer = await AskAsync(server);

        Assert.Equal(outcome, answer.Outcome.ToString());
        Assert.Empty(answer.Targets);
        Assert.Equal(0, server.TcpQuestions);
    }

    [Fact]
    public async Task Cut_off_over_UDP_is_asked_again_over_TCP()
    {
        await using var server = RawDnsServer.Start((query, tcp) => tcp
            ? Reply(One(query))
            : Reply(AnswerTo(query, truncated: true)));

        var answer = await AskAsync(server);

        Assert.Equal(DnsOutcome.Records, answer.Outcome);
        Assert.True(answer.ViaTcp);
        Assert.Equal((1, 1), (server.UdpQuestions, server.TcpQuestions));
    }

    [Fact]
    public async Task Silence_over_UDP_is_asked_again_over_TCP()
    {
        await using var server = RawDnsServer.Start((query, tcp) => tcp ? Reply(One(query)) : null);

        var answer = await new DnsSrvResolver(Impatient(server.EndPoint)).ResolveAsync(Question, default);

        Assert.Equal(DnsOutcome.Records, answer.Outcome);
        Assert.True(answer.ViaTcp);
    }

    [Fact]
    public async Task Cut_off_over_TCP_too_is_incomplete()
    {
        await using var server = RawDnsServer.Start((query, _) => Reply(AnswerTo(query, truncated: true)));

        var answer = await AskAsync(server);

        Assert.Equal(DnsOutcome.Incomplete, answer.Outcome);
        Assert.Empty(answer.Targets);
        Assert.True(answer.ViaTcp);
        Assert.Contains("cut off", answer.Detail);
        Assert.Equal(1, server.TcpQuestions);
    }

    [Fact]
    public async Task Cut_off_over_UDP_with_no_TCP_port_is_incomplete()
    {
        await using var server = RawDnsServer.Start(
            (query, _) => Reply(AnswerTo(query, truncated: true)), tcp: false);

        var answer = await AskAsync(server);

        Assert.Equal(DnsOutcome.Incomplete, answer.Outcome);
        Assert.False(answer.ViaTcp);
        Assert.Contains("ConnectionRefused", answer.Detail);
    }

    [Fact]
    public async Task A_connection_that_the_server_closed_in_between_is_replaced()
    {
        await using var server = RawDnsServer.Start((query, tcp) => tcp
            ? new RawReply(One(query).ToArray(), Close: true)
            : Reply(AnswerTo(query, truncated: true)));
        var resolver = Resolver(server.EndPoint);

        for (var i = 0; i < 3; i++)
        {
            var answer = await resolver.ResolveAsync(Question, default);
            Assert.Equal(DnsOutcome.Records, answer.Outcome);
        }

        Assert.Equal(3, server.UdpQuestions);
    }

    [Fact]
    public async Task Targets_without_glue_are_asked_for_both_families()
    {
        await using var server = RawDnsServer.Start((query, _) => (TypeOf(query), NameOf(query)) switch
        {
            (Srv, _) => Reply(AnswerTo(query)
                .AddSrv(Question, "a." + Service, 1).AddSrv(Question, "b." + Service, 1)
                .AddGlue("stranger." + Service, "10.9.9.9")),
            (A, "a." + Service) => Reply(AnswerTo(query).AddAnswer("a." + Service, "10.1.0.1", ttl: 0)),
            (Aaaa, "b." + Service) => Reply(AnswerTo(query).AddAnswer("b." + Service, "fd00::2")),
            _ => Reply(AnswerTo(query)),
        });

        var answer = await AskAsync(server);

        Assert.Equal(DnsOutcome.Records, answer.Outcome);
        Assert.Equal(
            ["10.1.0.1", "fd00::2"], answer.Targets.SelectMany(t => t.Addresses).Select(a => a.ToString()));
        Assert.True(answer.SawZeroTtl);
    }

    [Fact]
    public async Task A_target_whose_address_nobody_knows_makes_the_answer_incomplete()
    {
        await using var server = RawDnsServer.Start((query, _) => TypeOf(query) == Srv
            ? Reply(AnswerTo(query)
                .AddSrv(Question, "a." + Service, 1).AddSrv(Question, "b." + Service, 1)
                .AddGlue("a." + Service, "10.1.0.1"))
            : Reply(AnswerTo(query, NxDomain)));

        var answer = await AskAsync(server);

        Assert.Equal(DnsOutcome.Incomplete, answer.Outcome);
        Assert.Equal(2, answer.Targets.Length);
        Assert.Contains("b.orleans", answer.Detail);
    }

    [Fact]
    public async Task More_targets_than_the_bound_make_the_answer_incomplete()
    {
        await using var server = RawDnsServer.Start((query, _) =>
        {
            var message = AnswerTo(query);
            for (var i = 0; i < 8; i++)
            {
                message.AddSrv(Question, $"s{i}.{Service}", 1).AddGlue($"s{i}.{Service}", $"10.1.0.{i}");
            }

            return Reply(message);
        });
        var resolver = new DnsSrvResolver(Settings(server.EndPoint) with { MaxTargets = 5 });

        var answer = await resolver.ResolveAsync(Question, default);

        Assert.Equal(DnsOutcome.Incomplete, answer.Outcome);
        Assert.Equal("s0 s1 s2 s3 s4", string.Join(' ', answer.Targets.Select(t => t.Target.Split('.')[0])));
    }

    [Fact]
    public async Task Six_hundred_pods_arrive_over_TCP()
    {
        // As CoreDNS writes them: targets whole, the owners of the glue compressed. The zone stands at octet 28.
        await using var server = RawDnsServer.Start((query, tcp) =>
        {
            var message = AnswerTo(query, truncated: !tcp);
            for (var i = 0; tcp && i < 600; i++)
            {
                var label = Name($"silo-{i}")[..^1];
                message.Add(1, [0xC0, 12], Srv, 30, [0, 0, 0, 1, 0, 1, .. Name($"silo-{i}.{Service}")]);
                message.Add(3, [.. label, 0xC0, 28], A, 30, [10, 1, (byte)(i >> 8), (byte)i]);
            }

            return Reply(message);
        });

        var answer = await AskAsync(server);

        Assert.Equal(DnsOutcome.Records, answer.Outcome);
        Assert.Equal(600, answer.Targets.SelectMany(t => t.Addresses).Distinct().Count());
    }

    [Fact]
    public async Task A_server_that_fails_hands_over_to_the_next()
    {
        await using var bad = RawDnsServer.Start((query, _) => Reply(AnswerTo(query, ServFail)));
        await using var good = RawDnsServer.Start((query, _) => Reply(One(query)));

        var answer = await Resolver(bad.EndPoint, good.EndPoint).ResolveAsync(Question, default);

        Assert.Equal(DnsOutcome.Records, answer.Outcome);
        Assert.Equal(good.EndPoint, answer.Server);
        Assert.Equal(1, bad.UdpQuestions);
    }

    [Fact]
    public async Task When_every_server_fails_the_most_telling_failure_is_reported_with_all_words()
    {
        await using var silent = RawDnsServer.Start((_, _) => null);
        await using var failing = RawDnsServer.Start((query, _) => Reply(AnswerTo(query, ServFail)));

        var answer = await new DnsSrvResolver(Impatient(silent.EndPoint, failing.EndPoint))
            .ResolveAsync(Question, default);

        Assert.Equal(DnsOutcome.ServFail, answer.Outcome);
        Assert.Contains("no answer", answer.Detail);
        Assert.Contains("SERVFAIL", answer.Detail);
    }

    [Fact]
    public async Task A_silent_server_times_out_within_the_bound()
    {
        await using var server = RawDnsServer.Start((_, _) => null);
        var settings = Impatient(server.EndPoint) with { Tries = 1000, TotalTimeout = TimeSpan.FromSeconds(0.5) };
        var started = Stopwatch.GetTimestamp();

        var answer = await new DnsSrvResolver(settings).ResolveAsync(Question, default);

        Assert.Equal(DnsOutcome.TimedOut, answer.Outcome);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(10));
        Assert.True(answer.Took >= TimeSpan.FromSeconds(0.45), $"{answer.Took}");
    }

    [Fact]
    public async Task No_name_server_or_no_readable_list_is_unreachable()
    {
        var none = new DnsSrvResolver(new DnsSettings { NameServers = () => [] });
        var broken = new DnsSrvResolver(new DnsSettings { NameServers = () => throw new IOException("gone") });

        Assert.Equal(DnsOutcome.Unreachable, (await none.ResolveAsync(Question, default)).Outcome);
        Assert.Equal(DnsOutcome.Unreachable, (await broken.ResolveAsync(Question, default)).Outcome);
    }

    [Fact]
    public async Task Only_the_callers_own_cancellation_is_thrown()
    {
        using var source = new CancellationTokenSource();
        await using var server = RawDnsServer.Start((_, _) =>
        {
            source.Cancel();
            return null;
        });
        var resolver = new DnsSrvResolver(Settings(server.EndPoint) with { TryTimeout = TimeSpan.FromMinutes(1) });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => resolver.ResolveAsync(Question, source.Token));
    }

    [Fact]
    public async Task IPv6_name_servers_work_over_both_ways()
    {
        if (!System.Net.Sockets.Socket.OSSupportsIPv6)
        {
            return;
        }

        await using var server = RawDnsServer.Start(
            (query, tcp) => tcp ? Reply(One(query)) : Reply(AnswerTo(query, truncated: true)),
            address: IPAddress.IPv6Loopback);

        Assert.Equal(DnsOutcome.Records, (await AskAsync(server)).Outcome);
    }

    [Theory]
    [InlineData("_http._tcp.orleans.shop.svc.cluster.local", true)]
    [InlineData("a..b", false)]
    [InlineData("", false)]
    [InlineData("a b.c", false)]
    public void Host_names_are_letters_digits_hyphen_and_underscore(string name, bool expected) =>
        Assert.Equal(expected, DnsName.IsHostName(name));

    internal static DnsBytes One(byte[] query) => AnswerTo(query)
        .AddSrv(NameOf(query), "silo-0." + Service, 11112).AddGlue("silo-0." + Service, "10.1.0.1");

    internal static RawReply Reply(DnsBytes message) => new(message.ToArray());

    // Long enough for a busy machine; where silence is the point, Impatient.
    internal static DnsSettings Settings(params IPEndPoint[] servers) => new()
    {
        NameServers = () => [.. servers],
        TryTimeout = TimeSpan.FromSeconds(5),
        TotalTimeout = TimeSpan.FromSeconds(60),
    };

    internal static DnsSettings Impatient(params IPEndPoint[] servers) =>
        Settings(servers) with { TryTimeout = TimeSpan.FromSeconds(0.3) };

    private static DnsSrvResolver Resolver(params IPEndPoint[] servers) => new(Settings(servers));

    private static Task<SrvAnswer> AskAsync(RawDnsServer server, string question = Question) =>
        Resolver(server.EndPoint).ResolveAsync(question, default);
}
