using DnsClient;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>The table of known answers, each asked over UDP and over TCP.</summary>
public sealed class KnownAnswersTests
{
    private const string Suffix = KnownCluster.Suffix;

    [Theory]
    [MemberData(nameof(KnownAnswers.Queries), MemberType = typeof(KnownAnswers))]
    public async Task Each_query_has_its_answer(string query, bool tcp)
    {
        var known = KnownAnswers.To(query);
        await using var dns = await LocalDnsServer.StartAsync(new() { Cluster = KnownCluster.State });
        Assert.Equal(known.Expected, DnsProbe.Show(await new DnsProbe(dns).AskAsync(known.Name, known.Type, tcp)));
    }

    [Theory]
    [InlineData("_http._tcp.hdls1" + Suffix, QueryType.SRV)]
    [InlineData("nosuch" + Suffix, QueryType.A)]
    [InlineData("svc1" + Suffix, QueryType.TXT)]
    public async Task Before_synchronisation_every_name_is_a_failure(string name, QueryType type)
    {
        await using var dns = await LocalDnsServer.StartAsync(
            new() { Cluster = KnownCluster.State with { Synchronised = false } });
        var probe = new DnsProbe(dns);
        Assert.Equal("ServerFailure\n" + KnownAnswers.Soa, DnsProbe.Show(await probe.AskAsync(name, type)));

        dns.Cluster.Synchronised = true;
        Assert.NotEqual(DnsHeaderResponseCode.ServerFailure, (await probe.AskAsync(name, type)).Header.ResponseCode);
    }

    [Fact]
    public async Task Answers_are_authoritative_and_offer_no_recursion()
    {
        await using var dns = await LocalDnsServer.StartAsync(new() { Cluster = KnownCluster.State });
        foreach (var name in new[] { "svc1" + Suffix, "nosuch" + Suffix })
        {
            var response = await new DnsProbe(dns).AskAsync(name, QueryType.A);
            Assert.True(response.Header.HasAuthorityAnswer);
            Assert.False(response.Header.RecursionAvailable);
        }
    }

    [Fact]
    public async Task Zone_has_an_authority_and_other_zones_are_refused()
    {
        await using var dns = await LocalDnsServer.StartAsync(new() { Cluster = KnownCluster.State });
        var probe = new DnsProbe(dns);
        Assert.Equal(
            "NoError\n" + KnownAnswers.Soa.Replace("authority", "answer"),
            DnsProbe.Show(await probe.AskAsync("cluster.local.", QueryType.SOA)));
        Assert.Equal("Refused\n", DnsProbe.Show(await probe.AskAsync("example.org.", QueryType.A)));
    }
}
