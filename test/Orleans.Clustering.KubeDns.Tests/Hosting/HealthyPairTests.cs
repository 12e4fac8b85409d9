using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

public sealed class HealthyPairTests
{
    [Fact]
    public async Task Two_pods_form_a_cluster_however_their_names_are_written()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        await using var first = new Pod(
            dns, Pod.NewAddress(), "Silo-0.ORLEANS.Test.svc.Cluster.Local. silo-0", podName: "silo-0",
            search: "TEST.svc.Cluster.Local. cluster.local", configure: options => options.ServiceName = "Orleans.");
        await using var second = new Pod(
            dns, Pod.NewAddress(), $"silo-1.{Pod.Service} silo-1", podName: "silo-1",
            configure: options => options.Fqdn = "SILO-1.orleans.test.SVC.cluster.local.");
        Publish(dns, first, "silo-0");
        Publish(dns, second, "silo-1");

        await Task.WhenAll(first.StartAsync(), second.StartAsync());

        Assert.NotEqual(Guid.Empty, first.Status.Lineage);
        Assert.Equal(first.Status.Lineage, second.Status.Lineage);
        Assert.Equal(("", ""), (first.Status.Diagnosis, second.Status.Diagnosis));
        Assert.Equal((System.Net.HttpStatusCode.OK, "started\n"), await first.GetAsync("/startupz"));
        Assert.DoesNotContain(first.Log.All.Concat(second.Log.All), line => line.Level >= LogLevel.Error);
        var rows = await first.Host.Services.GetRequiredService<IMembershipTable>().ReadAllAsync(default);
        Assert.Equal(
            [$"silo-0.{Pod.Service} silo-0 {first.Address}", $"silo-1.{Pod.Service} silo-1 {second.Address}"],
            rows.Members.Select(row => row.Item1)
                .Select(row => $"{row.HostName} {row.SiloName} {row.SiloAddress.Endpoint.Address}").Order());
    }

    [Fact]
    public async Task A_name_server_that_is_down_is_told_in_one_line_and_passes()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        dns.Cluster.Faults = new FaultSpec { Answer = FaultAnswer.ServFail };
        await using var pod = new Pod(dns, Pod.NewAddress(), $"silo-0.{Pod.Service} silo-0");
        Publish(dns, pod, "silo-0");
        var told = pod.Log.NextAsync(line => line.Text.StartsWith("DnsFailed: "), TimeSpan.FromSeconds(60));
        var starting = pod.StartAsync();

        Assert.Equal(LogLevel.Warning, (await told).Level);
        var (_, line) = await pod.GetAsync("/startupz");
        Assert.Matches("^waiting for a first DNS answer; DnsFailed: ServFail: [^\n]*\n$", line);
        dns.Cluster.Faults = FaultSpec.None;

        await starting;
        Assert.Equal("", pod.Status.Diagnosis);
        Assert.Single(pod.Log.All, line => line.Text.StartsWith("DnsFailed: "));
    }

    [Fact]
    public async Task A_pod_name_that_is_not_the_hosts_ends_the_start()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        await using var pod = new Pod(
            dns, Pod.NewAddress(), $"silo-0.{Pod.Service} silo-0", podName: "silo-7");

        var fault = await Assert.ThrowsAsync<DiscoveryException>(pod.StartAsync);

        Assert.Equal("KDNS316", fault.Error.Code);
        Assert.Contains("POD_NAME is \"silo-7\"", fault.Message);
    }

    private static void Publish(LocalDnsServer dns, Pod pod, string name) =>
        dns.Cluster.AddPod(PodSpec.OfStatefulSet("test", name, "orleans", pod.Address));
}
