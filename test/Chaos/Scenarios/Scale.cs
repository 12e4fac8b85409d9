using Demo;

namespace Chaos.Scenarios;

/// <summary>One silo becomes many at once, and all but the first are deleted at once again.</summary>
internal sealed class Scale(int most) : IScenario
{
    public string Name => "scale";

    public string Summary => $"1 silo → {most} → 1: voters 1 → {Views.VotersOf(most)} → 1";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(1);
        var first = run.Pods[0];
        await using var reads = Load.OfTableReads(() => [first]);

        var begun = run.Now;
        for (var index = 1; index < most; index++) await run.Kubelet.StartPodAsync($"silo-{index}", run.Stop);
        await run.UntilAsync($"1 → {most}: Active in all views", Expected.Nothing, begun,
            () => Views.NotActive(run.Live));
        var active = run.Now;
        await run.UntilAsync($"{most} Active: {Views.VotersOf(most)} voters", Expected.Within(5), active,
            () => Views.NotEqual(run.Live));
        await run.SettleAsync($"{most} silos: equal views");
        await ShrinkAsync(run, first);
        var result = await reads.EndAsync();
        run.Tell($"reads of the table meanwhile: longest gap ({result.Text})", result.LongestGap, Expected.Within(1.5));
        await run.FinishAsync();
    }

    private async Task ShrinkAsync(Run run, Pod first)
    {
        var leaving = run.Pods.Where(pod => pod != first).ToList();
        var begun = run.Now;
        var deletions = Task.WhenAll(leaving.Select(pod => run.Kubelet.DeleteAsync(pod, run.Stop)));
        await run.UntilAsync($"{most} → 1: one Active, one voter", Expected.Within(10), begun,
            () => Views.NotEqual(run.Live));
        await run.UntilAsync($"{most} → 1: the processes ended", Expected.Within(15), begun,
            () => deletions.IsCompleted ? null : "not all ended");
        await deletions;
        var bad = leaving.Count(pod => pod.Process!.ExitCode != 0);
        run.Check($"{most} → 1: exit codes other than 0", bad == 0, $"{bad}", "0");
    }
}
