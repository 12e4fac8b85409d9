using DnsClient;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>The table of known answers, each asked over UDP and over TCP.</summary>
public sealed class KnownAnswersTests
{
    private const string Suffix = KnownCluster.Suffix;

    private const string Soa =
        "authority cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. 7200 1800 86400 5\n";

    private const string NoData = "NoError\n" + Soa;
    private const string NxDomain = "NotExistentDomain\n" + Soa;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Headless_service_lists_its_endpoints_with_glue(bool tcp)
    {
        var expected = $"""
            NoError
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 172-0-0-2.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 172-0-0-3.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 dup-name.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 5678-abcd--1.hdls1{Suffix}
            answer _http._tcp.hdls1{Suffix} 5 SRV 0 16 80 5678-abcd--2.hdls1{Suffix}
            additional 172-0-0-2.hdls1{Suffix} 5 A 172.0.0.2
            additional 172-0-0-3.hdls1{Suffix} 5 A 172.0.0.3
            additional dup-name.hdls1{Suffix} 5 A 172.0.0.4
            additional dup-name.hdls1{Suffix} 5 A 172.0.0.5
            additional 5678-abcd--1.hdls1{Suffix} 5 AAAA 5678:abcd::1
            additional 5678-abcd--2.hdls1{Suffix} 5 AAAA 5678:abcd::2

            """;
        Assert.Equal(expected, await AskAsync("_http._tcp.hdls1" + Suffix, QueryType.SRV, tcp));
    }

    [Theory]
    [InlineData("hdls1", QueryType.A, "172.0.0.2 172.0.0.3 172.0.0.4 172.0.0.5")]
    [InlineData("hdls1", QueryType.AAAA, "5678:abcd::1 5678:abcd::2")]
    [InlineData("dup-name.hdls1", QueryType.A, "172.0.0.4 172.0.0.5")]
    [InlineData("172-0-0-2.hdls1", QueryType.A, "172.0.0.2")]
    [InlineData("5678-abcd--2.hdls1", QueryType.AAAA, "5678:abcd::2")]
    [InlineData("hdlsprtls", QueryType.A, "172.0.0.20")]
    [InlineData("172-0-0-20.hdlsprtls", QueryType.A, "172.0.0.20")]
    [InlineData("svc1", QueryType.A, "10.0.0.1")]
    [InlineData("svcdual", QueryType.AAAA, "10::3")]
    public async Task Names_have_their_addresses(string name, QueryType type, string addresses)
    {
        var records = addresses.Split(' ').Select(a => $"answer {name}{Suffix} 5 {type} {a}\n");
        var expected = "NoError\n" + string.Concat(records);
        Assert.Equal(expected, await AskAsync(name + Suffix, type, tcp: false));
        Assert.Equal(expected, await AskAsync(name + Suffix, type, tcp: true));
    }

    [Theory]
    [InlineData("bogusendpoint.hdls1" + Suffix, QueryType.A)]
    [InlineData("nosuch" + Suffix, QueryType.A)]
    [InlineData("hdls1.nosuch.svc.cluster.local.", QueryType.A)]
    [InlineData("nosuch.svc.cluster.local.", QueryType.NS)]
    [InlineData("nosuch.cluster.local.", QueryType.A)]
    [InlineData("_nope._tcp.hdls1" + Suffix, QueryType.SRV)]
    [InlineData("_http._udp.hdls1" + Suffix, QueryType.SRV)]
    [InlineData("_http._tcp.hdlsprtls" + Suffix, QueryType.SRV)]
    [InlineData("_http._tcp.nosuch" + Suffix, QueryType.SRV)]
    [InlineData("a.b.c.hdls1" + Suffix, QueryType.A)]
    [InlineData("172-0-0-2.testns.pod.cluster.local.", QueryType.A)]
    public async Task Missing_names_do_not_exist(string name, QueryType type) =>
        Assert.Equal(NxDomain, await AskAsync(name, type, tcp: false));

    [Theory]
    [InlineData("hdlsprtls" + Suffix, QueryType.SRV)]
    [InlineData("svc1" + Suffix, QueryType.AAAA)]
    [InlineData("svc1" + Suffix, QueryType.TXT)]
    [InlineData("svc1" + Suffix, QueryType.SOA)]
    [InlineData("testns.svc.cluster.local.", QueryType.A)]
    [InlineData("svc.cluster.local.", QueryType.A)]
    [InlineData("pod.cluster.local.", QueryType.A)]
    [InlineData("cluster.local.", QueryType.A)]
    public async Task Names_without_records_of_the_type_have_no_data(string name, QueryType type) =>
        Assert.Equal(NoData, await AskAsync(name, type, tcp: false));

    [Theory]
    [InlineData("_http._tcp.svc1")]
    [InlineData("svc1")]
    public async Task Service_with_a_cluster_address_points_at_itself(string name)
    {
        var expected = $"NoError\nanswer {name}{Suffix} 5 SRV 0 100 80 svc1{Suffix}\n"
            + $"additional svc1{Suffix} 5 A 10.0.0.1\n";
        Assert.Equal(expected, await AskAsync(name + Suffix, QueryType.SRV, tcp: false));
    }

    [Fact]
    public async Task Letter_case_comes_back_in_the_owner_and_in_the_zone_of_the_target()
    {
        const string Asked = "_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL.";
        const string Target = "svc1.testns.svc.cLuStEr.LoCaL.";
        var expected = $"NoError\nanswer {Asked} 5 SRV 0 100 80 {Target}\nadditional {Target} 5 A 10.0.0.1\n";
        Assert.Equal(expected, await AskAsync(Asked, QueryType.SRV, tcp: false));
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
        Assert.Equal("ServerFailure\n" + Soa, DnsProbe.Show(await probe.AskAsync(name, type)));

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
            "NoError\n" + Soa.Replace("authority", "answer"),
            DnsProbe.Show(await probe.AskAsync("cluster.local.", QueryType.SOA)));
        Assert.Equal("Refused\n", DnsProbe.Show(await probe.AskAsync("example.org.", QueryType.A)));
    }

    private static async Task<string> AskAsync(string name, QueryType type, bool tcp)
    {
        await using var dns = await LocalDnsServer.StartAsync(new() { Cluster = KnownCluster.State });
        return DnsProbe.Show(await new DnsProbe(dns).AskAsync(name, type, tcp));
    }
}
