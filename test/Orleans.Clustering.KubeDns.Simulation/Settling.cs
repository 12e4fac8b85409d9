using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Faults stop, all is whole: now the cluster must settle within a bound, unless the majority of its voters is gone for
/// good and nobody may rescue it; and then all of it must come to an orderly end.
/// </summary>
internal sealed class Settling(World world, Kubernetes kubernetes, Faults faults, SimRandom random)
{
    /// <summary>How long a silo whose last row is written waits for its successors, as the node does.</summary>
    private const long HandOverWithin = 5_000;
    private const long EndWithin = 15_000;
    private const long QuietFor = 5_000;

    private int _names = 100;

    public void Settle()
    {
        MakeWhole();
        BringBack();
        var until = world.Now + world.Plan.SettleWithin;
        var obstacle = "nothing was tried";
        while (world.Now < until && !world.IsUsedUp)
        {
            world.RunUntil(world.Now + 500);
            obstacle = Obstacle();
            if (obstacle.Length == 0 || MustWait()) break;
        }

        if (world.IsUsedUp)
            throw new SimulationFailedException("I8", $"{world.Steps} steps by {world.Now} ms: somebody spins");
        if (obstacle.Length > 0 && !MustWait())
            throw new SimulationFailedException("I8", $"not settled after {world.Plan.SettleWithin} ms: {obstacle}");
        if (obstacle.Length == 0 && !MustWait()) EndTogether();
    }

    private void MakeWhole()
    {
        world.Network.IsWhole = true;
        world.Network.Heal();
        world.Network.Rejected = null;
        faults.EndFork();
        foreach (var service in new[] { world.Dns, world.Ready })
        {
            (service.IsWhole, service.DownUntil) = (true, long.MinValue);
            service.Thaw(world.Now);
        }

        foreach (var node in world.Nodes) kubernetes.Return(node);
        foreach (var pod in world.Pods.Where(pod => pod is { IsForgotten: true, IsAlive: true }).ToList())
            kubernetes.FindForgotten(pod);
        foreach (var process in world.Alive.ToList())
        {
            process.PausedUntil = Math.Min(process.PausedUntil, world.Now);
            world.Wake(process);
        }
    }

    // The dead come back in their pods, or in new ones, or never: their pods are deleted, as long as enough are left.
    private void BringBack()
    {
        foreach (var pod in kubernetes.Listed.Where(pod => !pod.IsAlive).ToList())
        {
            if (random.Chance(world.Plan.InPlaceAtEnd)) kubernetes.Mend(pod);
            else if (random.Chance(0.5)) kubernetes.Replace(pod, world.Now + random.Between(0, 1_000));
            else kubernetes.Delete(pod);
        }

        while (kubernetes.Listed.Count() < world.Plan.Fewest) kubernetes.StartNew($"silo-{_names++}");
    }

    // As when a namespace is deleted: all are told to stop within a moment, and each must come to write its last row.
    private void EndTogether()
    {
        kubernetes.IsEnding = true;

        // Who died a moment ago may still be given the vote: two faults at once, which only the rescue can mend.
        world.RunUntil(world.Now + QuietFor);
        if (Obstacle().Length > 0 || NeedsRescue()) return;
        var leavers = world.Alive.ToList();
        foreach (var process in leavers) world.At(world.Now + random.Between(0, 200), () => End(process));
        var until = world.Now + EndWithin;
        while (world.Alive.Count > 0 && world.Now < until && !world.IsUsedUp) world.RunUntil(world.Now + 100);

        // Who was held for ended while a firewall refused for it is not waited for: it cannot even read that.
        var left = world.Alive.Where(process => !world.Checkers.Lives.IsHeldForEnded(process)).ToList();
        if (left.Count == 0) return;
        throw new SimulationFailedException("I8", $"told to stop together, of {leavers.Count} silos "
            + $"{string.Join(' ', left)} still run after {EndWithin} ms");
    }

    private void End(SimProcess process)
    {
        process.IsLeaving = true;
        world.Step(process, new Consensus.Leave());
        var handOverUntil = long.MaxValue;
        void Poll()
        {
            var hasEnded = world.Silos[process].HasEnded;
            if (hasEnded && handOverUntil == long.MaxValue) handOverUntil = world.Now + HandOverWithin;
            var done = hasEnded && process.Replica.HasHandedOver;
            if (done) world.Checkers.Lives.OnHandedOver(process);
            if (done || (hasEnded && world.Now >= handOverUntil)) world.EndProcess(process, "Stopped");
            else world.At(world.Now + 20, Poll);
        }

        Poll();
    }

    // What is not as it should be once all is whole; empty if the cluster has settled.
    private string Obstacle()
    {
        if (world.Alive.Any(process => process.IsLeaving)) return "somebody is still leaving";
        if (world.Alive.Any(process => process.Pod.IsForgotten)) return "somebody is to be found yet";
        if (world.Alive.FirstOrDefault(process => process.Replica.State is null) is { } outside)
            return $"{outside} has no lineage: {outside.Replica.WaitingFor}";
        var states = world.Alive.Select(process => process.Replica.State!).ToList();
        if (states.Select(state => (state.Lineage, state.Epoch)).Distinct().Count() > 1)
        {
            return "several clusters: " + string.Join(", ", world.Alive.Select(process =>
                $"{process} {process.Replica.State!.Lineage.ToString()[..4]} {process.Replica.State.Epoch} "
                + process.Replica.RescueWaitsFor));
        }

        var newest = states.MaxBy(state => state.Index);
        if (newest is null) return "";
        if (world.Alive.FirstOrDefault(process => process.Replica.LostSince >= 0) is { } lost)
            return $"{lost} has no majority: {lost.Replica.RescueWaitsFor}";
        foreach (var process in world.Alive)
        {
            if (newest.Table.RowOf(process.Self) is not { State: SiloState.Active }) return $"{process} is not Active";
        }

        var target = Math.Min(world.Plan.MaxVoters, world.Alive.Count);
        if (target % 2 == 0) target--;
        if (newest.Voters.Count != target) return $"{newest.Voters} vote, {target} should";
        if (newest.Voters.Any(voter => !world.IsAlive(voter))) return $"a dead voter in {newest.Voters}";
        return states.Any(state => state.Index < newest.Index - 5) ? "somebody lags" : "";
    }

    /// <summary>Nobody may rescue what is lost.</summary>
    public bool MustWait() => !world.Plan.MayRescue && NeedsRescue();

    // The majority of the newest configuration, or of the newest that anybody alive knows, has ended: only the rescue
    // of protocol § 7 can help.
    private bool NeedsRescue()
    {
        var states = world.Alive.Select(process => process.Replica.State).OfType<ClusterState>()
            .GroupBy(state => (state.Lineage, state.Epoch)).ToList();
        var newest = states.Select(life => world.Checkers.History.Newest(life.Key));
        var known = states.Select(life => life.MaxBy(state => state.Index)!);
        return newest.Concat(known).Any(state => state.Voters.Count(world.IsAlive) < state.Majority);
    }
}
