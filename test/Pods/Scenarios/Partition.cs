using Chaos;
using Chaos.Scenarios;
using Demo;

namespace Pods.Scenarios;

/// <summary>The leader of 3 is cut off from the other two, for less time than Orleans takes to evict it.</summary>
internal sealed class Partition(Cut cut) : IScenario
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    public string Name => cut == Cut.Drop ? "partition-drop" : "partition-reject";

    public string Summary => $"the leader of 3 alone for {Length.TotalSeconds:0} s, its packets "
        + (cut == Cut.Drop ? "dropped" : "rejected");

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var leader = run.Leader;
        var others = run.Pods.Where(pod => pod != leader).ToList();
        var begun = run.Now;
        await Faults.SeparateAsync(leader, others, cut);
        await run.UntilAsync("cut off: the leader sees no majority", Expected.Within(6), begun,
            () => run.Ask([leader])[0].Told is { HasMajority: false } ? null : "it claims one");
        await run.UntilAsync("cut off: the others see a majority", Expected.Within(6), begun,
            () => run.Ask(others).All(each => each.Told is { HasMajority: true }) ? null : "not both do");
        await run.LastAsync(begun, Length);
        var healed = run.Now;
        await Faults.HealAsync(leader);
        await run.UntilAsync("healed: equal views, 3 voters", Expected.Within(15), healed,
            () => Views.NotEqual(run.Live));
        // Orleans counts unanswered probes of its own: on a slow machine 10 s may be enough for it.
        await run.FinishAsync(new Aftermath { MayBeDeclared = 1 });
    }
}
