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
        var epoch = run.Live[0].Told!.Epoch;
        IReadOnlyList<Pod> Ready() => [.. run.Pods.Where(pod => pod.IsReady)];
        await using var calls = Load.OfGrainCalls(Ready);
        await using var reads = Load.OfTableReads(Ready);

        // A StatefulSet begins with the highest ordinal.
        foreach (var pod in run.Pods.Reverse()) await UpdateAsync(run, pod);

        await run.UntilAsync("all updated: equal views, 3 voters", () => Views.NotEqual(run.Live));
        var called = await calls.EndAsync();
        var read = await reads.EndAsync();
        run.Check($"grain calls {Kinds(called)}", called.Failures.Count == 0, called.Text, "0 failed");
        run.Check($"reads of the table {Kinds(read)}", read.Failures.Count == 0, read.Text, "0 failed");
        run.Tell("reads of the table: longest gap", read.LongestGap, Expected.Within(1.5));
        run.Check("no rescue was needed", run.Live[0].Told!.Epoch == epoch, $"epoch {run.Live[0].Told!.Epoch}",
            $"epoch {epoch}");
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

    private static string Kinds(LoadResult result) => result.Failures.Count == 0
        ? "meanwhile"
        : string.Join("; ", result.Failures.GroupBy(text => text).Select(kind => $"{kind.Count()} × {kind.Key}"));
}
