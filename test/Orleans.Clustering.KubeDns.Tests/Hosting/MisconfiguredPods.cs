using System.Collections.Concurrent;
using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Node;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>What a pod with a faulty place in DNS showed: until it complained, or until its start ended.</summary>
internal sealed record Complaint(
    IPAddress Address, Exception? Fault, NodeStatus? Status, (HttpStatusCode Code, string Body) Startup, string Statusz,
    IReadOnlyList<LogLine> Log, NodeStatus? Neighbour);

/// <summary>
/// Starts a silo for each mistake that DNS can show, all at once because each has to last 5 s before it is complained
/// of, and keeps what they said.
/// </summary>
public sealed class MisconfiguredPods : IAsyncLifetime
{
    private const string Zone = Pod.Service;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Complaint> _complaints = new();

    internal Complaint this[string code] => _complaints[code];

    public Task InitializeAsync() => Task.WhenAll(
        WatchAsync("KDNS301", _ => { }),
        WatchAsync("KDNS302", dns => dns.AddService(
            Pod.Headless() with { ClusterIPs = [IPAddress.Parse("10.96.0.1")] })),
        WatchAsync("KDNS303", dns =>
        {
            dns.AddService(Pod.Headless());
            dns.AddPod(PodSpec.OfStatefulSet("test", "other-0", "orleans", IPAddress.Parse("127.254.254.254")));
        }),
        WatchAsync("KDNS303b", (dns, address) => dns.AddPod(
            new PodSpec("test", "silo-x7") { Addresses = [address], Services = ["orleans"] }), beside: true),
        WatchAsync("KDNS306", (dns, address) =>
        {
            dns.AddPod(Sharing("a", address));
            dns.AddPod(Sharing("b", IPAddress.Parse("127.254.254.253")));
        }, beside: true),
        WatchAsync("KDNS312", _ => { }, search: "home.example"),
        WatchAsync("KDNS314", (dns, address) => dns.AddPod(
            PodSpec.OfStatefulSet("test", "silo-x7", "orleans", address) with
            {
                Ports = new Dictionary<string, int> { ["discovery"] = 22222 },
            }), beside: true),
        WatchAsync("KDNS316", dns => dns.AddService(Pod.Headless()), hosts: "silo-x7"));

    public Task DisposeAsync() => Task.CompletedTask;

    private static PodSpec Sharing(string name, IPAddress address) =>
        PodSpec.OfStatefulSet("test", name, "orleans", address) with { Hostname = "silo-x7" };

    private Task WatchAsync(string code, Action<LocalCluster> publish, string? search = null, string? hosts = null) =>
        WatchAsync(code, (dns, _) => publish(dns), beside: false, search, hosts);

    private async Task WatchAsync(
        string code, Action<LocalCluster, IPAddress> publish, bool beside, string? search = null, string? hosts = null)
    {
        await using var dns = await LocalDnsServer.StartAsync();
        await using var neighbour = beside ? await HealthyAsync(dns) : null;
        await using var pod = new Pod(
            dns, Pod.NewAddress(), hosts ?? $"silo-x7.{Zone} silo-x7", search ?? "test.svc.cluster.local");
        publish(dns.Cluster, pod.Address);
        var told = pod.Log.NextAsync(line => line.Text.StartsWith("Misconfigured: "), Patience);
        var starting = pod.StartAsync();
        if (await Task.WhenAny(told, starting) == starting)
        {
            var fault = await Record.ExceptionAsync(() => starting);
            _complaints[code] = new(pod.Address, fault, null, default, "", [.. pod.Log.All], null);
            return;
        }

        await told;
        var startup = await pod.GetAsync("/startupz");
        var (_, statusz) = await pod.GetAsync("/statusz");
        _complaints[code] = new(
            pod.Address, null, pod.Status, startup, statusz, [.. pod.Log.All], neighbour?.Status);
    }

    private static async Task<Pod> HealthyAsync(LocalDnsServer dns)
    {
        dns.Cluster.AddService(Pod.Headless());
        var pod = new Pod(dns, Pod.NewAddress(), $"silo-0.{Zone} silo-0");
        dns.Cluster.AddPod(PodSpec.OfStatefulSet("test", "silo-0", "orleans", pod.Address));
        await pod.StartAsync();
        return pod;
    }
}
