using System.Diagnostics;
using Demo;

namespace Formation;

/// <summary>How a start went: times from the start of the last process.</summary>
internal sealed record Outcome(string Kind, TimeSpan Up, TimeSpan Joined, TimeSpan Active, Guid Lineage);

/// <summary>One start of some silos: from the first process to equal views, and to the end of all of them.</summary>
internal sealed class Start(Watch watch, Kubelet kubelet, DnsControl control, string kind)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(25);

    private TimeSpan? _up;
    private TimeSpan? _joined;

    /// <exception cref="DemoFailed">It formed two lineages, or none in time, or a silo ended.</exception>
    public async Task<Outcome> RunAsync(IReadOnlyList<TimeSpan> delays, CancellationToken stop)
    {
        try
        {
            var clock = await StartAllAsync(delays, stop);
            while (true)
            {
                var told = await Task.WhenAll(kubelet.Pods.Select(pod => watch.AskAsync(pod, stop)));
                kubelet.RequireNoneLost();
                RequireOneLineage(told);
                Note(told, clock.Elapsed);
                if (HasFormed(told))
                    return new Outcome(kind, _up!.Value, _joined!.Value, clock.Elapsed, told[0]!.Lineage);
                if (clock.Elapsed > Limit)
                    throw new DemoFailed($"not formed within {Limit.TotalSeconds:0} s: {Show(told)}");
                await Task.Delay(Period, stop);
            }
        }
        finally
        {
            await EndAsync();
        }
    }

    // Each pod on its own: the one that is started last gives the time to count from.
    private async Task<Stopwatch> StartAllAsync(IReadOnlyList<TimeSpan> delays, CancellationToken stop)
    {
        var clock = new Stopwatch();
        foreach (var (index, delay) in delays.Index().OrderBy(each => each.Item))
        {
            var wait = delay - clock.Elapsed;
            if (clock.IsRunning && wait > TimeSpan.Zero) await Task.Delay(wait, stop);
            clock.Start();
            await kubelet.StartPodAsync($"silo-{index}", stop);
        }

        return Stopwatch.StartNew();
    }

    private void Note(Told?[] told, TimeSpan now)
    {
        if (told.All(each => each is not null)) _up ??= now;
        if (told.All(each => each is { HasLineage: true })) _joined ??= now;
    }

    private static bool HasFormed(Told?[] told) => told.All(each => each is { IsActive: true, HasLineage: true }
        && each.Active.Count == told.Length && each.Active.SetEquals(told[0]!.Active));

    private static void RequireOneLineage(Told?[] told)
    {
        var lineages = told.Where(each => each is { HasLineage: true }).Select(each => each!.Lineage).Distinct();
        if (lineages.Count() > 1) throw new DemoFailed($"TWO LINEAGES: {Show(told)}");
    }

    private static string Show(Told?[] told) => string.Join("; ", told.Select((each, index) => each is null
        ? $"silo-{index} does not answer"
        : $"silo-{index} is of {each.Lineage:N}, sees {each.Active.Count} Active"));

    private async Task EndAsync()
    {
        foreach (var pod in kubelet.Pods)
        {
            Kubelet.Crash(pod);
            await pod.Process!.WaitForExitAsync(CancellationToken.None);
        }

        await kubelet.DisposeAsync();
        foreach (var pod in kubelet.Pods) await control.RemovePodAsync(pod, CancellationToken.None);
    }
}
