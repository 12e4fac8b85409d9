using Demo;

namespace Chaos.Scenarios;

/// <summary>Nobody is left who knows the table: the next silos found anew, and owe nothing to the old ones.</summary>
internal sealed class KillAll : IScenario
{
    public string Name => "kill-all";

    public string Summary => "SIGKILL of all 3; pods of the same names at new addresses form a new lineage";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var dead = run.Pods;
        foreach (var pod in dead) Kubelet.Crash(pod);

        var begun = run.Now;
        foreach (var pod in dead) await run.Kubelet.ReplaceAsync(pod, run.Stop);
        // As a first start: of that this run has one to compare with, and starts on a busy machine differ.
        var first = run.FirstStart.TotalSeconds;
        await run.UntilAsync("all killed: new silos Active in all views",
            new Expected($"as the first start: {first:0.0} s", (1.5 * first) + 1), begun,
            () => Views.NotActive(run.Live));
        await run.FinishAsync(new Aftermath { IsNewLineage = true });
        var rows = run.Live.Max(each => each.Told?.View.Count ?? 0);
        run.Check("a clean table", rows == dead.Count, $"{rows} rows", $"{dead.Count} rows");
    }
}
