using System.Net;
using DnsClient;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>Under which names, ports and families the pods of a service are listed.</summary>
public sealed class NamingTests
{
    private const string Suffix = ".orleans.default.svc.cluster.local.";
    private const string Question = "_discovery._tcp.orleans.default.svc.cluster.local.";

    private static readonly ServiceSpec Orleans = new("default", "orleans") { Ports = [new("discovery", 11112)] };

    [Theory]
    [InlineData("pod", "orleans", false, "pod")]
    [InlineData("pod", "other", false, "10-1-2-3")]
    [InlineData("pod", null, false, "10-1-2-3")]
    [InlineData(null, "orleans", false, "10-1-2-3")]
    [InlineData(null, "orleans", true, "silo-0")]
    [InlineData("pod", "other", true, "silo-0")]
    [InlineData("pod", "orleans", true, "pod")]
    public void Endpoint_is_named_by_hostname_then_pod_then_address(
        string? hostname, string? subdomain, bool podNames, string expected)
    {
        var pod = new PodSpec("default", "silo-0") { Hostname = hostname, Subdomain = subdomain };
        Assert.Equal(expected, EndpointName.Of(pod, "orleans", IPAddress.Parse("10.1.2.3"), podNames));
    }

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void Pod_name_is_used_only_below_64_characters(int length, bool used)
    {
        var pod = new PodSpec("default", new string('x', length));
        var name = EndpointName.Of(pod, "orleans", IPAddress.Parse("10.1.2.3"), endpointPodNames: true);
        Assert.Equal(used ? pod.Name : "10-1-2-3", name);
    }

    [Theory]
    [InlineData("fd00::1a", "fd00--1a")]
    [InlineData("fd00::", "fd00--0")]
    [InlineData("::1", "--1")]
    [InlineData("FD00:0:0:1::2", "fd00-0-0-1--2")]
    public void Ipv6_address_becomes_a_label_that_does_not_end_in_a_dash(string address, string expected)
    {
        var pod = new PodSpec("default", "silo-0");
        Assert.Equal(expected, EndpointName.Of(pod, "orleans", IPAddress.Parse(address), endpointPodNames: false));
    }

    [Fact]
    public async Task Pods_on_one_address_are_told_apart_by_name_and_port()
    {
        var lines = await ListAsync(Orleans, Silo(0, 21112, "127.0.0.1"), Silo(1, 21113, "127.0.0.1"));
        Assert.Equal(
            [
                $"{Question} 5 SRV 0 50 21112 silo-0{Suffix}",
                $"{Question} 5 SRV 0 50 21113 silo-1{Suffix}",
                $"silo-0{Suffix} 5 A 127.0.0.1",
                $"silo-1{Suffix} 5 A 127.0.0.1",
            ],
            lines);
    }

    [Fact]
    public async Task Dual_stack_with_hostname_is_one_name_with_two_addresses()
    {
        var lines = await ListAsync(Orleans, Silo(0, 11112, "10.0.0.1", "fd00::1"));
        Assert.Equal(
            [$"{Question} 5 SRV 0 50 11112 silo-0{Suffix}", $"silo-0{Suffix} 5 A 10.0.0.1",
                $"silo-0{Suffix} 5 AAAA fd00::1"],
            lines);
    }

    [Fact]
    public async Task Dual_stack_without_hostname_is_two_names()
    {
        var lines = await ListAsync(Orleans, Silo(0, 11112, "10.0.0.1", "fd00::1") with { Hostname = null });
        Assert.Equal(
            [$"{Question} 5 SRV 0 50 11112 10-0-0-1{Suffix}", $"{Question} 5 SRV 0 50 11112 fd00--1{Suffix}",
                $"10-0-0-1{Suffix} 5 A 10.0.0.1", $"fd00--1{Suffix} 5 AAAA fd00::1"],
            lines);
    }

    [Theory]
    [InlineData("IPv4", "10.0.0.1")]
    [InlineData("IPv6", "fd00::1")]
    public async Task Single_stack_service_lists_one_family(string family, string expected)
    {
        var service = Orleans with { Families = Enum.Parse<Families>(family) };
        var lines = await ListAsync(service, Silo(0, 11112, "10.0.0.1", "fd00::1"));
        Assert.Equal(2, lines.Count);
        Assert.EndsWith(expected, lines[1]);
    }

    [Theory]
    [InlineData(3, 33)]
    [InlineData(2, 50)]
    [InlineData(200, 1)]
    public async Task Weight_is_a_hundred_shared_out_and_at_least_one(int pods, int weight)
    {
        var silos = Enumerable.Range(0, pods).Select(i => Silo(i, 11112, $"10.0.{i / 250}.{i % 250 + 1}"));
        var lines = await ListAsync(Orleans, [.. silos]);
        Assert.Equal(2 * pods, lines.Count);
        Assert.All(lines.Take(pods), line => Assert.Contains($" SRV 0 {weight} 11112 ", line));
    }

    [Fact]
    public async Task Named_target_port_leaves_out_the_pods_that_do_not_declare_it()
    {
        var service = Orleans with { Ports = [new("discovery", 11112) { TargetPortName = "discovery" }] };
        var lines = await ListAsync(
            service, Silo(0, 7, "10.0.0.1"), Silo(1, 8, "10.0.0.2") with { Ports = new Dictionary<string, int>() });
        Assert.Equal([$"{Question} 5 SRV 0 100 7 silo-0{Suffix}", $"silo-0{Suffix} 5 A 10.0.0.1"], lines);
    }

    [Fact]
    public async Task Target_port_is_listed_not_the_port_of_the_service()
    {
        var service = Orleans with { Ports = [new("discovery", 80) { TargetPort = 8080 }] };
        var silo = Silo(0, 1, "10.0.0.1") with { Ports = new Dictionary<string, int>() };
        Assert.Contains(" SRV 0 100 8080 ", (await ListAsync(service, silo))[0]);
    }

    [Theory]
    [InlineData(false, true, false, true)]
    [InlineData(false, false, false, false)]
    [InlineData(false, true, true, false)]
    [InlineData(true, false, false, true)]
    [InlineData(true, false, true, true)]
    public async Task Ready_pods_are_listed_and_others_only_on_demand(
        bool publishNotReady, bool ready, bool terminating, bool listed)
    {
        var service = Orleans with { PublishNotReadyAddresses = publishNotReady };
        var silo = Silo(0, 11112, "10.0.0.1") with { Ready = ready, Terminating = terminating };
        Assert.Equal(listed, (await ListAsync(service, silo)).Count > 0);
    }

    private static PodSpec Silo(int index, int port, params string[] addresses) =>
        PodSpec.OfStatefulSet("default", $"silo-{index}", "orleans", [.. addresses.Select(IPAddress.Parse)]) with
        {
            Ports = new Dictionary<string, int> { ["discovery"] = port },
        };

    private static async Task<List<string>> ListAsync(ServiceSpec service, params PodSpec[] pods)
    {
        await using var dns = await LocalDnsServer.StartAsync(
            new() { Cluster = new() { Services = [service], Pods = pods } });
        var response = await new DnsProbe(dns).AskAsync(Question, QueryType.SRV, tcp: true);
        return [.. response.Answers.Concat(response.Additionals)
            .Where(r => r.RecordType != DnsClient.Protocol.ResourceRecordType.OPT).Select(DnsProbe.Show)];
    }
}
