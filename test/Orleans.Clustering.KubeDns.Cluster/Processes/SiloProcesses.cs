using Chaos;
using Demo;
using Formation;
using Orleans.Clustering.KubeDns.Cluster.Nodes;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>Three SiloApps, each a process of its own with an address of its own, and all that they need.</summary>
internal sealed class SiloProcesses : IAsyncDisposable
{
    private readonly Stage _stage;

    private SiloProcesses(Stage stage) => _stage = stage;

    public Kubelet Kubelet => _stage.Kubelet;

    /// <summary>Starts three silos and waits until they are one cluster in which all of them vote.</summary>
    public static Task<SiloProcesses> StartAsync() => StartAsync(Programs.SiloApp, 3);

    /// <summary>The same with so many of another build of it, as many of them voting as can.</summary>
    public static async Task<SiloProcesses> StartAsync(string siloApp, int count)
    {
        var silos = new SiloProcesses(await Stage.OpenAsync(new StageSettings(siloApp), FreePorts(), default));
        var voters = count % 2 == 1 ? count : count - 1;
        try
        {
            for (var index = 0; index < count; index++) await silos.Kubelet.StartPodAsync($"silo-{index}", default);
            await silos.UntilAllAgreeAsync(120);
            await silos.UntilAsync(
                $"{voters} voters", 60, told => told.All(each => each is not null && each.Voters == voters));
            return silos;
        }
        catch
        {
            await silos.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ports out of the ephemeral range: a demo may run on this machine at the usual ones.</summary>
    public static Network FreePorts()
    {
        var ports = NodeCluster.FreePorts(5);
        var none = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0);
        return new Network(ports[0], ports[1], ports[2], ports[3], ports[4], Dns: none, Control: none);
    }

    /// <summary>What a silo said last.</summary>
    public Told? Of(Pod pod) => _stage.Lookout.Of(pod);

    public Pod Leader => Kubelet.Live.First(pod => Of(pod) is { IsLeader: true });

    /// <summary>All live silos are Active in each other's views, and nobody else is.</summary>
    public Task<TimeSpan> UntilAllAgreeAsync(int seconds) => UntilAsync("equal views", seconds, told =>
        told.Select(each => each?.Lineage).Distinct().Count() == 1
        && told.All(each => each is { IsActive: true, HasLineage: true }
            && each.Active.Count == told.Length && each.Active.SetEquals(told[0]!.Active)));

    public async Task<TimeSpan> UntilAsync(string what, int seconds, Func<Told?[], bool> condition)
    {
        var begun = _stage.Lookout.Now;
        await _stage.Lookout.UntilAsync($"{what}; logs in {_stage.Folder}", TimeSpan.FromSeconds(seconds), () =>
        {
            Told?[] told = [.. Kubelet.Live.Select(Of)];
            return condition(told) ? null : string.Join("; ", told.Select(each => each?.ToString() ?? "no answer"));
        }, default);
        return _stage.Lookout.Now - begun;
    }

    public ValueTask DisposeAsync() => _stage.DisposeAsync();
}
