using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What operators do to a cluster that nothing is wrong with: start it, update it, scale it.</summary>
internal sealed class Upkeep(World world, Kubernetes kubernetes, SimRandom random)
{
    private const int MostPods = 9;
    private const long NextAfter = 20_000;
    private const long PollEvery = 200;

    private int _names;

    public void Begin()
    {
        var plan = world.Plan;
        for (var i = 0; i < plan.Pods; i++)
        {
            var name = $"silo-{_names++}";
            var at = plan.StartAtOnce ? random.Between(0, 50) : random.Between(0, 8_000);
            world.At(at, () => kubernetes.StartNew(name));
        }

        for (var i = 0; i < plan.Duds; i++)
            world.At(random.Chance(0.5) ? 0 : random.Between(0, plan.FaultsFor), AddDud);
        if (plan.RollAt > 0) world.At(plan.RollAt, RollOut);
        if (plan.ScaleEvery == 0) return;
        for (var at = random.Between(0, 2 * plan.ScaleEvery); at < plan.FaultsFor; at += plan.ScaleEvery)
            world.At(at, Scale);
    }

    // It starts after all, much later; or is deleted.
    private void AddDud()
    {
        var pod = kubernetes.AddDud($"dud-{_names++}");
        world.At(world.Now + random.Between(2_000, 40_000), () =>
        {
            if (world.Now >= world.Plan.FaultsFor || pod.IsDeleted) return;
            if (random.Chance(0.5)) kubernetes.Mend(pod);
            else kubernetes.Delete(pod);
        });
    }

    // One pod after the other, each only when the one before it is Active again, or takes too long.
    private void RollOut()
    {
        world.Say("RollOut", "");
        var names = kubernetes.Listed.Select(pod => pod.Name).OrderDescending(StringComparer.Ordinal).ToList();
        RollNext(new Queue<string>(names));
    }

    private void RollNext(Queue<string> names)
    {
        if (world.Now >= world.Plan.FaultsFor || !names.TryDequeue(out var name)) return;
        var old = kubernetes.Listed.FirstOrDefault(pod => pod.Name == name);
        if (old?.Process is { IsAlive: true } process) kubernetes.Leave(process);
        var deadline = world.Now + NextAfter;
        void Poll()
        {
            var isBack = kubernetes.Listed.Any(pod => pod != old && pod.Name == name
                && pod.Process is { IsAlive: true } now && world.Silos[now].IsActive);
            if (isBack || world.Now >= deadline) RollNext(names);
            else world.At(world.Now + PollEvery, Poll);
        }

        world.At(world.Now + PollEvery, Poll);
    }

    private void Scale()
    {
        var pods = kubernetes.Listed.ToList();
        if (pods.Count < MostPods && (pods.Count <= world.Plan.Fewest || random.Chance(0.5)))
        {
            world.Say("ScaledUp", $"{pods.Count + 1}");
            kubernetes.StartNew($"silo-{_names++}");
        }
        else if (pods.Count > world.Plan.Fewest && pods[^1].Process is { IsAlive: true, IsLeaving: false } last)
        {
            world.Say("ScaledDown", $"{pods.Count - 1}");
            kubernetes.Leave(last, isReplaced: false);
        }
    }
}
