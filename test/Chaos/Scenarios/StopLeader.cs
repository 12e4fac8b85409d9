namespace Chaos.Scenarios;

/// <summary>A leader that neither answers nor refuses, for less time than Orleans needs to evict it.</summary>
internal sealed class StopLeader : IScenario
{
    private static readonly TimeSpan StoppedFor = TimeSpan.FromSeconds(10);

    public string Name => "stop-leader";

    public string Summary => "SIGSTOP of the leader of 3 for 10 s: another takes over, nobody is evicted";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var leader = run.Leader;
        var silo = run.Of(leader).Silo;
        var others = run.Kubelet.Live.Where(pod => pod != leader).ToList();
        await using var reads = Load.OfTableReads(() => others);

        var stopped = run.Now;
        await Signals.SendAsync(leader, "STOP");
        await run.UntilAsync("leader stopped: another leads", Expected.Within(1, 1.5), stopped,
            () => run.Ask(others).Any(each => each.Told is { IsLeader: true }) ? null : "nobody else leads");
        // Not a wait for anything: so long the fault lasts.
        var rest = StoppedFor - (run.Now - stopped);
        if (rest > TimeSpan.Zero) await Task.Delay(rest, run.Stop);
        var evicted = run.Ask(others).Count(each => each.Told?.View.GetValueOrDefault(silo) != "Active");
        run.Check("stopped for 10 s: evicted from views", evicted == 0, $"{evicted}", "0");

        var resumed = run.Now;
        await Signals.SendAsync(leader, "CONT");
        await run.UntilAsync("resumed: equal views, 3 voters", Expected.Nothing, resumed,
            () => Views.NotEqual(run.Live));
        var result = await reads.EndAsync();
        run.Tell($"reads of the table through the others: longest gap ({result.Text})", result.LongestGap,
            Expected.Within(1.5));
        run.Check("the same process, Active", run.Of(leader).Silo == silo, run.Of(leader).Silo, silo);
        await run.FinishAsync();
    }
}
