using Chaos;
using Chaos.Scenarios;
using Demo;
using KubeDns.Local.Model;

namespace Pods.Scenarios;

/// <summary>
/// A silo's node dies and its address goes to a silo of another cluster while DNS still lists the former: its row is
/// ended, for nobody but it could have had the address, and the stranger is let be.
/// </summary>
internal sealed class Stranger : IScenario
{
    public string Name => "stranger";

    public string Summary => "one of 3 dies, and its address, still listed, goes to a silo of another cluster";

    public async Task PlayAsync(Run run)
    {
        await run.FormAsync(3);
        var victim = run.Live.First(each => each.Told is { IsLeader: false }).Pod;
        var silo = run.Of(victim).Silo;
        run.Stage.SetDnsFaults(new FaultSpec { PublicationDelayMs = -1 });
        await Faults.IsolateAsync(victim);
        Kubelet.Crash(victim);
        await victim.Process!.WaitForExitAsync(run.Stop);
        var stranger = Move(run, victim);
        try
        {
            // Reached only once it listens: a refusal would end the former one by another rule.
            await run.UntilAsync("the stranger listens", () =>
                stranger.Process!.Tail(100).Any(line => line.Contains("Listening:")) ? null : "it does not yet");
            await Faults.HealAsync(victim);
            var begun = run.Now;
            // A second until the first contact, when the kernel sends a lost SYN again, and one for the rule.
            await run.UntilAsync("address reused: row Dead", Expected.Within(2), begun,
                () => Views.NotDead(run.Live.Where(each => each.Pod != victim).ToList(), silo));
            run.Stage.SetDnsFaults(FaultSpec.None);
            var replaced = run.Now;
            await run.Kubelet.StartPodAsync(victim.Name, run.Stop);
            victim.IsGone = true;
            await run.UntilAsync("replaced elsewhere: Active in all views", Expected.Within(5, 9), replaced,
                () => Views.NotActive(run.Live));
            run.Check("the stranger runs on", stranger.IsRunning, stranger.IsRunning ? "yes" : "ended", "yes");
        }
        finally
        {
            stranger.Process!.Kill();
        }

        await run.FinishAsync();
    }

    private static Pod Move(Run run, Pod victim)
    {
        var folder = Path.Combine(run.Stage.Folder, "stranger");
        var stranger = new Pod(victim.Name, victim.Address, victim.Network, folder, TimeSpan.FromSeconds(0.2))
        {
            Sandbox = victim.Sandbox,
            Cluster = "other",
        };
        // With the same secret: with another, peers learn no more of it than that its messages are not genuine.
        stranger.Start(run.Kubelet.SiloApp, Path.Combine(run.Stage.Folder, "secret", "current"));
        return stranger;
    }
}
