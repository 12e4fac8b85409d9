using Demo;

namespace Chaos.Scenarios;

/// <summary>Pod after pod is deleted and comes back at a new address, while calls and reads go on.</summary>
internal sealed class RollingUpdate : IScenario
{
    public string Name => "rolling-update";

    public string Summary => "3 pods, one after the other: SIGTERM, replaced at a new address, wait Active; under load";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        IReadOnlyList<Pod> Ready() => [.. run.Pods.Where(pod => pod.IsReady)];
        await using var calls = Load.OfGrainCalls(Ready);
        await using var reads = Load.OfTableReads(Ready);

        // A StatefulSet begins with the highest ordinal.
        foreach (var pod in run.Pods.Reverse()) await UpdateAsync(run, pod);

        await run.UntilAsync("all updated: equal views, 3 voters", () => Views.NotEqual(run.Live));
        var called = await calls.EndAsync();
        var read = await reads.EndAsync();
        Check(run, "grain calls", called);
        Check(run, "reads of the table", read);
        run.Tell("reads of the table: longest gap", read.LongestGap, Expected.Within(1.5));
        await run.FinishAsync();
    }

    private static async Task UpdateAsync(Run run, Pod pod)
    {
        var wasLeader = run.Of(pod).IsLeader;
        var begun = run.Now;
        await run.Kubelet.DeleteAsync(pod, run.Stop);
        run.Tell($"{pod.Name}{(wasLeader ? ", which led," : "")} ended", run.Now - begun, Expected.Within(10));
        run.Check($"{pod.Name}: exit code", pod.Process!.ExitCode == 0, $"{pod.Process.ExitCode}", "0");
        var replaced = run.Now;
        var successor = await run.Kubelet.StartPodAsync(pod.Name, run.Stop);
        await run.UntilAsync($"{pod.Name} replaced: Active in all views, ready", Expected.Within(5, 9), replaced,
            () => Views.NotActive(run.Live) ?? (successor.IsReady ? null : $"{successor.Name} is not ready"));
    }

    private static void Check(Run run, string what, LoadResult result) => run.Check(
        result.Kinds.Length == 0 ? what : $"{what} ({result.Kinds})", result.FailedTwice.Count == 0, result.Text,
        "0 twice");
}
