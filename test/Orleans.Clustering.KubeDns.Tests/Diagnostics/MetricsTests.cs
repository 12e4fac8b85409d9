using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Dns;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsSrvResolverTests;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

public sealed class MetricsTests : IDisposable
{
    private readonly Collector _collector = new();

    public void Dispose() => _collector.Dispose();

    [Theory]
    [InlineData(DnsBytes.NoError, false, "outcome=no_data,transport=udp")]
    [InlineData(DnsBytes.NxDomain, false, "outcome=nx_domain,transport=udp")]
    [InlineData(DnsBytes.ServFail, false, "outcome=serv_fail,transport=udp")]
    [InlineData(DnsBytes.Refused, false, "outcome=refused,transport=udp")]
    [InlineData(DnsBytes.NoError, true, "outcome=incomplete,transport=tcp")]
    public async Task A_look_up_counts_once_by_its_end(int code, bool truncated, string tags)
    {
        await using var server = RawDnsServer.Start(
            (query, _) => Reply(DnsBytes.AnswerTo(query, code, truncated)));
        await CountAsync(server);

        Assert.Equal([$"dns.lookups{{service=orleans,{tags}}} 1"], _collector.Collect());
    }

    [Fact]
    public async Task Look_ups_add_up_and_senseless_answers_have_a_count_of_their_own()
    {
        var sound = true;
        await using var server = RawDnsServer.Start(
            (query, _) => Reply(sound ? One(query) : One(query).Flags(0)));
        var resolver = await CountAsync(server);
        await resolver.ResolveAsync(Question, default);
        sound = false;
        await resolver.ResolveAsync(Question, default);

        Assert.Equal(
            ["dns.lookups{service=orleans,outcome=malformed,transport=udp} 1",
             "dns.lookups{service=orleans,outcome=records,transport=udp} 2"],
            _collector.Collect());
    }

    [Fact]
    public void Greetings_count_by_what_became_of_them()
    {
        var contacts = new ContactCounts();
        _collector.Metrics.Watch(contacts);
        var envelope = Tests.Transport.Rig.Probe(1);
        contacts.Greeted(new(Delivery.Replied, envelope with { Body = new Greeting(0, 0, 0, false, default) }, ""));
        contacts.Greeted(new(Delivery.Replied, envelope with { Body = new Foreign() }, ""));
        contacts.Greeted(new(Delivery.TimedOut, null, ""));
        contacts.Greeted(new(Delivery.TimedOut, null, ""));
        contacts.Foreigner();

        Assert.Equal(
            ["foreign_contacts 1", "greetings{outcome=foreign} 1", "greetings{outcome=greeted} 1",
             "greetings{outcome=timed_out} 2"],
            _collector.Collect());
    }

    [Fact]
    public void Every_reason_to_reject_has_a_count_of_its_own_from_the_start()
    {
        var transport = new TransportCounts();
        _collector.Metrics.Watch(transport);
        Assert.Empty(_collector.Collect());
        foreach (var reason in Enum.GetValues<Rejection>()) transport.Reject(reason);

        Assert.Equal(
            ["broken_off", "failed", "malformed", "overloaded", "oversized", "replayed", "stranger", "timed_out",
             "too_many_connections", "too_slow", "unauthenticated", "wrong_version"],
            _collector.Collect().Select(line => line["rejections{reason=".Length..^"} 1".Length]));
    }

    private async Task<DnsSrvResolver> CountAsync(RawDnsServer server)
    {
        var counts = new LookUpCounts();
        _collector.Metrics.Watch(counts);
        var resolver = new DnsSrvResolver(Settings(server.EndPoint), counts);
        await resolver.ResolveAsync(Question, default);
        return resolver;
    }
}
