using Chaos;
using Chaos.Scenarios;
using Demo;

namespace Pods.Scenarios;

/// <summary>
/// A proxy in one pod died: whatever it opens to the discovery port of others is refused, in its own pod. It must not
/// take that for their end, for longer than a refusal takes to count.
/// </summary>
internal sealed class DeadSidecar : IScenario
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(12);

    public string Name => "dead-sidecar";

    public string Summary => "for 12 s all that the leader of 3 opens to port 11112 is refused in its own pod";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var begun = run.Now;
        var leader = run.Leader;
        await Faults.DeadSidecarAsync(leader);
        await run.UntilAsync("refused: it leads with a majority no longer", Expected.Within(6), begun,
            () => run.Ask([leader])[0].Told is { IsLeader: true, HasMajority: true } ? "it does" : null);
        await run.LastAsync(begun, Length);
        var told = run.Live[0].Told;
        run.Check("meanwhile: nobody ended", Views.NotActive(run.Live) is null,
            Views.NotActive(run.Live) ?? $"all Active, {told?.Voters} voters", "all Active");
        var healed = run.Now;
        await Faults.HealAsync(leader);
        await run.UntilAsync("healed: equal views, 3 voters", Expected.Within(15), healed,
            () => Views.NotEqual(run.Live));
        await run.FinishAsync();
    }
}
