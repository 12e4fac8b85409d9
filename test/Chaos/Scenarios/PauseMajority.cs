using Demo;

namespace Chaos.Scenarios;

/// <summary>
/// The majority is away for long enough to be rescued from, and then comes back and knows nothing of it: of all
/// scenarios the one in which two halves could each believe to be the cluster. Raced, it comes back at a random moment
/// about the rescue: before, during or after it.
/// </summary>
internal sealed class PauseMajority(bool isRaced) : IScenario
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(32);

    public string Name => isRaced ? "pause-race" : "pause-majority";

    public string Summary => "SIGSTOP of 2 of 3, the leader among them: never two quorate epochs, all heals; "
        + (isRaced ? "they resume at a random moment about the rescue" : "they resume after it, and after 30 s");

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var (survivor, paused) = run.Part();
        var silos = paused.Select(pod => run.Of(pod).Silo).ToList();

        var begun = run.Now;
        foreach (var pod in paused) await Signals.SendAsync(pod, "STOP");
        await run.UntilAsync("2 of 3 paused: not ready in DNS", Expected.Within(3, 6), begun,
            () => paused.FirstOrDefault(pod => pod.IsReady) is { } ready ? $"{ready.Name} is ready" : null);
        await run.UntilAsync("2 of 3 paused: the survivor sees no majority", Expected.Within(4, 6), begun,
            () => run.Ask([survivor])[0].Told is { HasMajority: false } ? null : "it claims one");
        await (isRaced ? AwaitRandomAsync(run, begun) : AwaitRescueAsync(run, survivor, begun));

        var resumed = run.Now;
        foreach (var pod in paused) await Signals.SendAsync(pod, "CONT");
        await HealAsync(run, silos, begun, resumed);
        await run.FinishAsync(new Aftermath { MayRescue = true, MayBeDeclared = paused.Count });
    }

    // Not ready after 3 probes, seen in the next look-up, gone for NotReadyFor by another, and DnsStaleness later by a
    // third: they are 2 s apart.
    private static async Task AwaitRescueAsync(Run run, Pod survivor, TimeSpan begun)
    {
        await run.UntilRescuedAsync("2 of 3 paused", survivor, Expected.Within(23, 32), begun);
        await run.LastAsync(begun, Shortest);
    }

    private static Task AwaitRandomAsync(Run run, TimeSpan begun) =>
        run.LastAsync(begun, Before + ((Longest - Before) * Random.Shared.NextDouble()));

    private static async Task HealAsync(Run run, IReadOnlyList<string> silos, TimeSpan begun, TimeSpan resumed)
    {
        await run.UntilAsync($"resumed after {(resumed - begun).TotalSeconds:0.0} s: equal views, 3 voters",
            Expected.Nothing, resumed, () => Views.NotEqual(run.Live));
        // Whose row is Dead in the new epoch must not go on as if it were not, and nobody else has to end.
        var told = run.Live[0].Told!;
        var dead = silos.Count(silo => told.View.GetValueOrDefault(silo) != "Active");
        var ended = run.Stage.Ended.Count(end => end.At >= resumed);
        run.Check($"resumed in epoch {run.Epoch}, now {told.Epoch}: ended as left behind", ended == dead, $"{ended}",
            $"{dead}, whose rows are Dead");
    }
}
