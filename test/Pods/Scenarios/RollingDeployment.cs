using Chaos;
using Chaos.Scenarios;
using Demo;

namespace Pods.Scenarios;

/// <summary>
/// A Deployment's update, surge 1 and unavailable 0: a pod of a new name comes, and an old one goes once it is ready.
/// CoreDNS has endpoint_pod_names, without which it would not list these pods by their names.
/// </summary>
internal sealed class RollingDeployment : IScenario
{
    public string Name => "rolling-deployment";

    public string Summary => "3 pods replaced by pods of other names, one more at a time; under load";

    public async Task PlayAsync(Run run)
    {
        run.Stage.ServeDeployment();
        await run.FormAsync(3);
        IReadOnlyList<Pod> Ready() => [.. run.Pods.Where(pod => pod.IsReady)];
        await using var calls = Load.OfGrainCalls(Ready);
        await using var reads = Load.OfTableReads(Ready);
        foreach (var old in run.Pods) await SurgeAsync(run, old);
        await run.UntilAsync("all updated: equal views, 3 voters", () => Views.NotEqual(run.Live));
        var called = await calls.EndAsync();
        var read = await reads.EndAsync();
        run.Check("grain calls", called.FailedTwice.Count == 0, $"{called.Text} {called.Kinds}", "0 twice");
        run.Check("reads of the table", read.FailedTwice.Count == 0, $"{read.Text} {read.Kinds}", "0 twice");
        run.Tell("reads of the table: longest gap", read.LongestGap, Expected.Within(1.5));
        await run.FinishAsync();
    }

    private static async Task SurgeAsync(Run run, Pod old)
    {
        var begun = run.Now;
        var successor = await run.Kubelet.StartPodAsync($"next-{old.Name}", run.Stop);
        await run.UntilAsync($"{successor.Name}: Active in all views, ready", Expected.Within(5, 9), begun,
            () => Views.NotActive(run.Live) ?? (successor.IsReady ? null : $"{successor.Name} is not ready"));
        var deleted = run.Now;
        await run.Kubelet.DeleteAsync(old, run.Stop);
        run.Tell($"{old.Name} ended", run.Now - deleted, Expected.Within(10));
        run.Check($"{old.Name}: exit code", old.Process!.ExitCode == 0, $"{old.Process.ExitCode}", "0");
    }
}
