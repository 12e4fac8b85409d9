using Chaos;
using Chaos.Scenarios;
using Demo;

namespace Pods.Scenarios;

/// <summary>
/// Half a partition. One link: two silos do not reach each other and the third reaches both. Deaf: nobody reaches the
/// leader, which reaches all. A majority can meet in both, so nobody may be ended, and no new epoch be needed.
/// </summary>
internal sealed class OneWay(bool isDeaf) : IScenario
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(10);

    public string Name => isDeaf ? "asymmetric-deaf" : "asymmetric-link";

    public string Summary => isDeaf
        ? "for 10 s nobody's connections to the leader of 3 come through, while its own do"
        : "for 10 s the leader of 3 and one other do not reach each other, the third reaches both";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var leader = run.Leader;
        var others = run.Pods.Where(pod => pod != leader).ToList();
        var begun = run.Now;
        await (isDeaf ? Faults.DeafenAsync(leader, others) : Faults.SeparateAsync(leader, others[..1], Cut.Drop));
        await run.LastAsync(begun, Length);
        await run.UntilAsync("meanwhile: somebody leads with a majority", Expected.Within(15), begun,
            () => run.Live.Any(each => each.Told is { IsLeader: true, HasMajority: true }) ? null : "nobody does");
        var healed = run.Now;
        await Faults.HealAsync(leader);
        await run.UntilAsync("healed: equal views, 3 voters", Expected.Within(15), healed,
            () => Views.NotEqual(run.Live));
        await run.FinishAsync(new Aftermath { MayBeDeclared = 1 });
    }
}
