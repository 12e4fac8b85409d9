namespace Chaos.Scenarios;

/// <summary>SIGKILL of the majority: the survivor holds the only table, and rescues it.</summary>
internal sealed class KillTwo : IScenario
{
    public string Name => "kill-two";

    public string Summary => "SIGKILL of 2 of 3 at once, the leader among them, restarted in place: rescue";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var (survivor, victims) = run.Part();
        var silos = victims.Select(pod => run.Of(pod).Silo).ToList();

        var killed = run.Now;
        Run.Crash(victims);
        await run.UntilRescuedAsync("2 of 3 killed", survivor, Expected.Within(8, 12), killed);
        foreach (var silo in silos)
        {
            await run.UntilAsync($"row of {silo} Dead", () => Views.NotDead(run.Ask([survivor]), silo));
        }

        run.Tell("2 of 3 killed: rows Dead in the survivor's view", run.Now - killed, Expected.Within(8, 13));
        await run.UntilAsync("restarted in place: Active in all views", Expected.Nothing, killed,
            () => Views.NotActive(run.Live));
        await run.FinishAsync(new Aftermath { MayRescue = true });
    }
}
