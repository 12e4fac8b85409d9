using System.Net;
using DnsClient;
using DnsClient.Protocol;
using KubeDns.Local.Control;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>What docs/local-dns.md shows, done.</summary>
public class PageTests
{
    private const string Discovery = "_discovery._tcp.orleans.default.svc.cluster.local";

    [Fact]
    public async Task The_code_that_the_page_shows_serves_a_pod_and_sees_it_asked_for()
    {
        await using var dns = await LocalDnsServer.StartAsync(new LocalDnsOptions());
        dns.Cluster.AddService(new ServiceSpec("default", "orleans") { Ports = [new("discovery", 11112)] });
        dns.Cluster.AddPod(PodSpec.OfStatefulSet("default", "silo-0", "orleans", IPAddress.Loopback) with
        {
            Ports = new Dictionary<string, int> { ["discovery"] = 21112 },
        });
        var asked = dns.NextQueryAsync(query => query.Name.StartsWith("_discovery."));
        // … start a silo with NameServers = [dns.EndPoint] …
        Assert.Equal(["silo-0 21112"], await PortsAsync(dns));
        await asked.WaitAsync(DnsProbe.Patience);
    }

    [Fact]
    public async Task The_configuration_that_the_page_shows_lists_two_silos_by_their_ports()
    {
        var file = Path.Combine(SourceTree.Root, "test/KubeDns.Local/two-silos.json");
        var options = CommandLine.Parse(["--listen", "127.0.0.1:0", "--control", "none", "--config", file])!;
        await using var dns = await LocalDnsServer.StartAsync(options);

        Assert.Equal(["silo-0 21112", "silo-1 21113"], await PortsAsync(dns));
    }

    private static async Task<IEnumerable<string>> PortsAsync(LocalDnsServer dns) =>
        (await new DnsProbe(dns).AskAsync(Discovery, QueryType.SRV)).Answers.SrvRecords()
            .Select(record => $"{record.Target.Value.Split('.')[0]} {record.Port}").Order();
}
