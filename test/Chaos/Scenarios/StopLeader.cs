using Demo;

namespace Chaos.Scenarios;

/// <summary>
/// A leader that neither answers nor refuses, for less time than Orleans needs to evict it. It is missed by whoever has
/// something to write; that is a silo which is told to stop meanwhile, and which does not vote.
/// </summary>
internal sealed class StopLeader : IScenario
{
    private static readonly TimeSpan StoppedFor = TimeSpan.FromSeconds(10);

    public string Name => "stop-leader";

    public string Summary => "SIGSTOP of the leader of 4 for 10 s, and a silo leaves: another leader writes its row";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(4);
        var leader = run.Leader;
        var leaver = run.Live.First(each => !each.Told!.VoterNames.Contains(each.Pod.Fqdn)).Pod;
        var others = run.Pods.Where(pod => pod != leader && pod != leaver).ToList();
        var silo = run.Of(leader).Silo;

        var stopped = run.Now;
        await Signals.SendAsync(leader, "STOP");
        var deletion = await WriteAsync(run, leaver, others);
        // Not a wait for anything: so long the fault lasts.
        var rest = StoppedFor - (run.Now - stopped);
        if (rest > TimeSpan.Zero) await Task.Delay(rest, run.Stop);
        var evicted = run.Ask(others).Count(each => each.Told?.View.GetValueOrDefault(silo) != "Active");
        run.Check("leader stopped for 10 s: evicted from views", evicted == 0, $"{evicted}", "0");

        var resumed = run.Now;
        await Signals.SendAsync(leader, "CONT");
        await run.UntilAsync("leader resumed: equal views, 3 voters", Expected.Nothing, resumed,
            () => Views.NotEqual(run.Live));
        await run.UntilAsync("the silo that left has ended", () => deletion.IsCompleted ? null : "it has not");
        await deletion;
        run.Check("leader resumed: the same process, Active", run.Of(leader).Silo == silo, run.Of(leader).Silo, silo);
        await run.FinishAsync();
    }

    private static async Task<Task> WriteAsync(Run run, Pod leaver, IReadOnlyList<Pod> others)
    {
        var silo = run.Of(leaver).Silo;
        var begun = run.Now;
        var deletion = run.Kubelet.DeleteAsync(leaver, run.Stop);
        // Each call of the leaver gives the leader up after TakeoverAfter, which is 1 s and up to half a second at
        // random. It first reads its row, which a silo that does not vote asks of the leader, too.
        await run.UntilAsync("leader stopped, another silo leaves: another leads",
            new Expected("1–1.5 s for its read and its write each", 3), begun,
            () => run.Ask(others).Any(each => each.Told is { IsLeader: true }) ? null : "nobody else leads");
        await run.UntilAsync("leader stopped, another silo leaves: its row tells so in all views", Expected.Within(3.5),
            begun, () => run.Ask(others).All(each => each.Told?.View.GetValueOrDefault(silo, "Dead") != "Active")
                ? null
                : $"{silo} is Active");
        return deletion;
    }
}
