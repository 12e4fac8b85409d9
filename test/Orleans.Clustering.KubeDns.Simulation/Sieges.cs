using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>Several silos fall at once, or the one that matters most: what only a rescue can mend.</summary>
internal sealed class Sieges(World world, Kubernetes kubernetes, SimRandom random)
{
    /// <summary>Each phase of a rescue takes a few messages: at which of them its rescuer falls is drawn.</summary>
    private const long RescuerFallsWithin = 60;

    /// <summary>
    /// Killed; then restarted in place, or its pod replaced under the same name at another address, sooner or later.
    /// </summary>
    public void Crash(SimProcess process) => Fall(process, world.Plan.BackWithin);

    /// <summary>Several are killed, or paused; half the time the majority of the voters is among them.</summary>
    public void Begin(SimProcess process)
    {
        var voters = process.Replica.State?.Voters ?? default;
        var count = (int)random.Between(1, world.Alive.Count);
        var first = random.Chance(0.5) ? world.Alive.OrderBy(each => !voters.Contains(each.Self)) : null;
        var victims = (first ?? world.Alive.OrderBy(_ => random.Bits())).Take(count).ToList();
        var isPause = random.Chance(0.4);
        foreach (var victim in victims)
        {
            if (isPause) Sleep(victim, random.Between(1_000, world.Plan.SiegeFor));
            else Fall(victim, world.Plan.SiegeFor);
        }
    }

    public void KillAll()
    {
        world.Say("KilledAll", $"{world.Alive.Count}");
        foreach (var process in world.Alive.ToList()) Fall(process, world.Plan.BackWithin);
    }

    public void LoseNode(SimProcess process)
    {
        var node = process.Pod.Node;
        if (node.IsLost) return;
        kubernetes.Lose(node, isDead: random.Chance(0.5));
        var lasts = random.Between(2_000, 2 * world.Plan.SiegeFor);
        world.At(world.Now + lasts, () => kubernetes.Return(node));
        if (world.Plan.EvictAfter == 0) return;
        var lostAt = node.LostAt;
        world.At(world.Now + world.Plan.EvictAfter, () =>
        {
            if (node.LostAt == lostAt) kubernetes.Evict(node);
        });
    }

    public void OnTrace(SimProcess process, Trace trace)
    {
        if (trace.Event != "RescueBegun" || world.Plan.RescuerFalls == 0) return;
        if (world.Now >= world.Plan.FaultsFor || !random.Chance(world.Plan.RescuerFalls)) return;
        world.At(world.Now + random.Between(0, RescuerFallsWithin), () =>
        {
            if (!process.IsAlive) return;
            world.Say(process, "RescuerFell", "");
            if (random.Chance(0.5)) Fall(process, world.Plan.SiegeFor);
            else Sleep(process, random.Between(1_000, world.Plan.SiegeFor));
        });
    }

    public void Sleep(SimProcess process, long forMs)
    {
        var until = world.Now + forMs;
        if (process.PausedUntil <= world.Now) process.PausedAt = world.Now;
        process.PausedUntil = Math.Max(process.PausedUntil, until);
        if (process.SuspendedAt < 0 && random.Chance(world.Plan.Suspended)) process.SuspendedAt = world.Now;
        world.Say(process, process.SuspendedAt < 0 ? "Paused" : "Suspended", $"until {process.PausedUntil}");
    }

    private void Fall(SimProcess process, long backWithin)
    {
        world.EndProcess(process, "Killed");
        var after = world.Now + random.Between(10, backWithin);
        if (random.Chance(world.Plan.InPlace)) world.At(after, () => kubernetes.Start(process.Pod));
        else kubernetes.Replace(process.Pod, after);
    }
}
