using Demo;

namespace Chaos.Scenarios;

/// <summary>SIGKILL of one: its container comes back in its pod, and then another one's pod is replaced.</summary>
internal sealed class KillOne : IScenario
{
    public string Name => "kill-one";

    public string Summary => "SIGKILL of the leader of 3, restarted in place; then of another, whose pod is replaced";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        await RestartedAsync(run, run.Leader);
        await ReplacedAsync(run, run.Live.First(each => each.Told is { IsLeader: false }).Pod);
        await run.FinishAsync();
    }

    private static async Task RestartedAsync(Run run, Pod leader)
    {
        var silo = run.Of(leader).Silo;
        var others = run.Pods.Where(pod => pod != leader).ToList();
        var killed = run.Now;
        Run.Crash([leader]);
        await run.UntilAsync("leader killed, restarted in place: row Dead", Expected.Within(2, 3), killed,
            () => Views.NotDead(run.Ask(others), silo));
        await run.UntilAsync("leader killed, restarted in place: Active in all views", Expected.Within(5, 9), killed,
            () => Views.NotActive(run.Live));
        await run.SettleAsync("leader killed: equal views, 3 voters");
    }

    private static async Task ReplacedAsync(Run run, Pod victim)
    {
        var silo = run.Of(victim).Silo;
        var killed = run.Now;
        Kubelet.Crash(victim);
        await run.UntilAsync("pod killed, not restarted: row Dead", Expected.Within(2, 3), killed,
            () => Views.NotDead(run.Live, silo));
        var begun = run.Now;
        await run.Kubelet.ReplaceAsync(victim, run.Stop);
        await run.UntilAsync("pod replaced at a new address: Active in all views", Expected.Within(5, 9), begun,
            () => Views.NotActive(run.Live));
    }
}
