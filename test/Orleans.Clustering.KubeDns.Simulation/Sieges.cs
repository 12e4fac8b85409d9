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

    /// <summary>Several at once: their machines are suspended, they are stopped, or they are killed.</summary>
    public void Begin(SimProcess process)
    {
        var victims = Victims(process);
        var isSuspended = random.Chance(0.5);
        var isPaused = isSuspended || random.Chance(0.3);
        var together = random.Between(world.Plan.SiegeFor / 2, world.Plan.SiegeFor);
        foreach (var victim in victims)
        {
            if (!isPaused) Fall(victim, world.Plan.SiegeFor);
            else if (isSuspended) Sleep(victim, together, isMachine: true);
            else Sleep(victim, random.Between(1_000, world.Plan.SiegeFor), isMachine: false);
        }
    }

    // Just the majority of the voters half the time, so that there are others who can miss it.
    private List<SimProcess> Victims(SimProcess process)
    {
        var state = process.Replica.State;
        if (state is not null && random.Chance(0.5))
        {
            var voters = world.Alive.Where(each => state.IsVoter(each.Self.Nonce)).ToList();
            return voters.OrderBy(_ => random.Bits()).Take(state.Majority).ToList();
        }

        var count = (int)random.Between(1, world.Alive.Count);
        return world.Alive.OrderBy(_ => random.Bits()).Take(count).ToList();
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
            else Sleep(process, random.Between(1_000, world.Plan.SiegeFor), isMachine: random.Chance(0.5));
        });
    }

    /// <summary>One process, or its machine, network and all; then its monotonic clock may stand still too.</summary>
    public void Sleep(SimProcess process, long forMs, bool isMachine)
    {
        if (process.PausedUntil <= world.Now) process.PausedAt = world.Now;
        process.PausedUntil = Math.Max(process.PausedUntil, world.Now + forMs);
        process.IsSuspended = isMachine;
        if (isMachine && process.SuspendedAt < 0 && random.Chance(0.5)) process.SuspendedAt = world.Now;
        world.Say(process, isMachine ? "Suspended" : "Paused", $"until {process.PausedUntil}");
    }

    private void Fall(SimProcess process, long backWithin)
    {
        world.EndProcess(process, "Killed");
        var after = world.Now + random.Between(10, backWithin);
        if (random.Chance(world.Plan.InPlace)) world.At(after, () => kubernetes.Start(process.Pod));
        else kubernetes.Replace(process.Pod, after);
    }
}
