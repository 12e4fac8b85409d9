using Demo;

namespace Chaos.Scenarios;

/// <summary>
/// The majority is away for long enough to be rescued from, and then comes back and knows nothing of it: of all
/// scenarios the one in which two halves could each believe to be the cluster.
/// </summary>
internal sealed class PauseMajority : IScenario
{
    private static readonly TimeSpan PausedFor = TimeSpan.FromSeconds(30);

    public string Name => "pause-majority";

    public string Summary => "SIGSTOP of 2 of 3 for 30 s, the leader among them: never two quorate epochs, all heals";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var survivor = run.Live.First(each => each.Told is { IsLeader: false }).Pod;
        var paused = run.Kubelet.Live.Where(pod => pod != survivor).ToList();
        var epoch = run.Of(survivor).Epoch;

        var begun = run.Now;
        foreach (var pod in paused) await Signals.SendAsync(pod, "STOP");
        await run.UntilAsync("2 of 3 paused: the survivor knows of no majority", Expected.Nothing, begun,
            () => run.Ask([survivor])[0].Told is { HasMajority: false } ? null : "it claims one");
        var unready = run.UntilAsync("paused: not ready in DNS", Expected.Within(3, 6), begun,
            () => paused.FirstOrDefault(pod => pod.IsReady) is { } ready ? $"{ready.Name} is ready" : null);
        var rescued = await RescuedAsync(run, survivor, epoch, begun);
        await unready;
        await AwakeAsync(run, paused);

        var resumed = run.Now;
        await run.UntilAsync("resumed: Active in all views", Expected.Nothing, resumed,
            () => Views.NotActive(run.Live));
        var ended = run.Stage.Ended.Where(end => end.At >= resumed).ToList();
        run.Check("resumed: ended as left behind, and were restarted", !rescued || ended.Count == paused.Count,
            $"{ended.Count} of {paused.Count}", rescued ? $"{paused.Count}" : "none is needed without a rescue");
        await run.FinishAsync();
    }

    /// <summary>Whether the rescue came while they were away; told either way, for a pause is a pause.</summary>
    private static async Task<bool> RescuedAsync(Run run, Pod survivor, int epoch, TimeSpan begun)
    {
        bool IsRescued() => run.Ask([survivor])[0].Told is { HasMajority: true } told && told.Epoch > epoch;
        await run.UntilAsync("the pause is over or the survivor is rescued",
            () => IsRescued() || run.Now - begun >= PausedFor ? null : "neither");
        var rescued = IsRescued();
        // Unready after 3 probes, gone from the ready service for NotReadyFor, and a look-up and a round of messages.
        if (rescued) run.Tell("paused: rescued into a new epoch", run.Now - begun, Expected.Within(23, 28));
        else run.Check("paused: rescued into a new epoch", true, "not within the pause", "23–28 s");
        var rest = PausedFor - (run.Now - begun);
        if (rest > TimeSpan.Zero) await Task.Delay(rest, run.Stop);
        return rescued;
    }

    private static async Task AwakeAsync(Run run, IEnumerable<Pod> paused)
    {
        foreach (var pod in paused) await Signals.SendAsync(pod, "CONT");
    }
}
