using System.Diagnostics;
using System.Net;
using Demo;
using Formation;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Cluster.Nodes;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>Three SiloApps, each a process of its own with an address of its own, and all that they need.</summary>
internal sealed class SiloProcesses : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly string _folder = Directory.CreateTempSubdirectory("kubedns-processes-").FullName;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly LocalDnsServer _dns;
    private readonly Watch _watch;

    private SiloProcesses(LocalDnsServer dns, Network network)
    {
        _dns = dns;
        var client = new SiloClient(_http);
        _watch = new Watch(_http, client);
        Kubelet = new Kubelet(new DnsControl(_http, network.Control), client, network, _folder, Programs.SiloApp)
        {
            DnsStaleness = TimeSpan.FromSeconds(0.2),
        };
    }

    public Kubelet Kubelet { get; }

    /// <summary>Starts three silos and waits until they are one cluster in which all of them vote.</summary>
    public static async Task<SiloProcesses> StartAsync()
    {
        var dns = await LocalDnsServer.StartAsync(
            new LocalDnsOptions { Control = new IPEndPoint(IPAddress.Loopback, 0) });
        // Ports out of the ephemeral range: a demo may run on this machine at the usual ones.
        var ports = NodeCluster.FreePorts(5);
        var network = new Network(
            ports[0], ports[1], ports[2], ports[3], ports[4], dns.EndPoint, dns.ControlEndPoint!);
        var silos = new SiloProcesses(dns, network);
        try
        {
            await new DnsControl(silos._http, network.Control).PublishServicesAsync(network, default);
            for (var index = 0; index < 3; index++) await silos.Kubelet.StartPodAsync($"silo-{index}", default);
            await silos.UntilAllAgreeAsync(60);
            await silos.UntilAsync("three voters", 30, told => told.All(each => each is { Voters: 3 }));
            return silos;
        }
        catch
        {
            await silos.DisposeAsync();
            throw;
        }
    }

    public async Task<Told?> AskAsync(Pod pod) => await _watch.AskAsync(pod, default);

    public async Task<Pod> LeaderAsync()
    {
        foreach (var pod in Kubelet.Live)
        {
            if (await AskAsync(pod) is { IsLeader: true }) return pod;
        }

        throw new InvalidOperationException("Nobody leads.");
    }

    /// <summary>All live silos are Active in each other's views, and nobody else is.</summary>
    public Task<TimeSpan> UntilAllAgreeAsync(int seconds) => UntilAsync("equal views", seconds, told =>
        told.Select(each => each?.Lineage).Distinct().Count() == 1
        && told.All(each => each is { IsActive: true, HasLineage: true }
            && each.Active.Count == told.Length && each.Active.SetEquals(told[0]!.Active)));

    public async Task<TimeSpan> UntilAsync(string what, int seconds, Func<Told?[], bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var told = await Task.WhenAll(Kubelet.Live.Select(AskAsync));
            if (condition(told)) return clock.Elapsed;
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"{what}: not within {seconds} s; logs in {_folder}: "
                + string.Join("; ", told.Select(each => each?.ToString() ?? "no answer")));
            await Task.Delay(Period);
        }
    }

    /// <summary>Sends a signal by its name, to that process alone.</summary>
    public static async Task SignalAsync(Pod pod, string signal)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {pod.Process!.Id}"]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var pod in Kubelet.Pods.Where(pod => pod.Process is not null))
        {
            Kubelet.Crash(pod);
            await pod.Process!.WaitForExitAsync(default);
        }

        await Kubelet.DisposeAsync();
        await _dns.DisposeAsync();
        _http.Dispose();
    }
}
