using Chaos;
using Chaos.Scenarios;
using Demo;
using KubeDns.Local.Model;

namespace Pods.Scenarios;

/// <summary>
/// DNS tells nothing new, since the API server is cut off, or nothing at all, or only failures. Members go on, and a
/// container that crashes meanwhile comes back in its pod, invited by its peers.
/// </summary>
internal sealed class FrozenDns(string name, string what, FaultSpec faults) : IScenario
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(8);

    public string Name => name;

    public string Summary => $"{what}; after 8 s one of 3 is killed and restarted in place, then DNS is well again";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var begun = run.Now;
        run.Stage.SetDnsFaults(faults);
        await run.LastAsync(begun, Before);
        run.Check("members unaffected", Views.NotActive(run.Live) is null, Views.NotActive(run.Live) ?? "all Active",
            "all Active");
        var victim = run.Live.First(each => each.Told is { IsLeader: false }).Pod;
        var silo = run.Of(victim).Silo;
        var killed = run.Now;
        Run.Crash([victim]);
        await run.UntilAsync("killed meanwhile: row Dead", Expected.Within(2, 3), killed,
            () => Views.NotDead(run.Ask(run.Pods.Where(pod => pod != victim)), silo));
        await run.UntilAsync("restarted meanwhile: Active in all views", Expected.Within(5, 9), killed,
            () => Views.NotActive(run.Live));
        var healed = run.Now;
        run.Stage.SetDnsFaults(FaultSpec.None);
        await run.UntilAsync("DNS well again: equal views, 3 voters", Expected.Within(15), healed,
            () => Views.NotEqual(run.Live));
        await run.FinishAsync();
    }
}
