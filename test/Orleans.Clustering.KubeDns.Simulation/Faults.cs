using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What goes wrong, and when: drawn before the run begins, done to whoever is alive then.</summary>
internal sealed class Faults(World world, Kubernetes kubernetes, SimRandom random)
{
    public void Schedule()
    {
        Every(world.Plan.CrashEvery, Crash);
        Every(world.Plan.PartitionEvery, Partition);
        Every(world.Plan.PauseEvery, Pause);
        Every(world.Plan.LeaveEvery, kubernetes.Leave);
        Every(world.Plan.RejectEvery, Reject);
        Every(world.Plan.SiegeEvery, Siege);
        Every(world.Plan.ApiCutEvery, CutApi);
        Every(world.Plan.ClockEvery, Jump);
        Every(world.Plan.ForgetEvery, Forget);
        if (world.Plan.ForkAt > 0) world.At(world.Plan.ForkAt, Fork);
    }

    private void Every(long mean, Action<SimProcess> fault)
    {
        if (mean == 0) return;
        for (var at = random.Between(0, 2 * mean); at < world.Plan.FaultsFor; at += random.Between(1, 2 * mean))
        {
            world.At(at, () =>
            {
                if (world.Alive.Count > 0) fault(random.Pick(world.Alive));
            });
        }
    }

    // Killed; then restarted in place, or its pod replaced under the same name at another address, or nothing for long.
    private void Crash(SimProcess process)
    {
        world.EndProcess(process, "Killed");
        var after = world.Now + random.Between(10, world.Plan.BackWithin);
        if (random.Chance(world.Plan.InPlace)) world.At(after, () => kubernetes.Start(process.Pod));
        else kubernetes.Replace(process.Pod, after);
    }

    // Several at once; half the time the majority of the voters is among them.
    private void Siege(SimProcess process)
    {
        if (random.Chance(0.5)) Suspend(Victims(process));
        else if (random.Chance(0.3)) foreach (var victim in Victims(process)) SleepInSiege(victim);
        else foreach (var victim in Victims(process)) FallInSiege(victim);
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

    // Their machines, network and all; and all of them go on at once.
    private void Suspend(List<SimProcess> victims)
    {
        var until = world.Now + random.Between(world.Plan.SiegeFor / 2, world.Plan.SiegeFor);
        foreach (var victim in victims)
        {
            victim.IsSuspended = true;
            Sleep(victim, until);
        }
    }

    private void SleepInSiege(SimProcess victim)
    {
        victim.IsSuspended = false;
        Sleep(victim, world.Now + random.Between(1_000, world.Plan.SiegeFor));
    }

    private void FallInSiege(SimProcess victim)
    {
        world.EndProcess(victim, "Killed");
        var after = world.Now + random.Between(10, world.Plan.SiegeFor);
        if (random.Chance(world.Plan.InPlace)) world.At(after, () => kubernetes.Start(victim.Pod));
        else kubernetes.Replace(victim.Pod, after);
    }

    private void CutApi(SimProcess process)
    {
        var until = world.Now + random.Between(1_000, 12_000);
        world.Say(process, "ApiCut", $"until {until}");
        foreach (var service in new[] { world.Dns, world.Ready })
        {
            service.FrozenUntil = until;
            world.At(until, () => service.Thaw(world.Now));
        }
    }

    // New pods elsewhere, which neither DNS nor the network shows to the others; then both are whole again.
    private void Fork()
    {
        var count = (int)random.Between(1, 3);
        for (var i = 0; i < count; i++)
        {
            var pod = world.AddPod($"fork-{i}", $"10.0.1.{i + 1}");
            world.Dns.Fork.Add(pod.Address);
            world.Ready.Fork.Add(pod.Address);
            kubernetes.Start(pod);
        }

        world.Checkers.Excuse();
        world.At(world.Now + random.Between(3_000, 15_000), EndFork);
    }

    public void EndFork()
    {
        world.Dns.Fork.Clear();
        world.Ready.Fork.Clear();
    }

    // As when a node comes back late: the pod was deleted and replaced, its process does not know.
    private void Forget(SimProcess process)
    {
        if (process.Pod.IsDeleted || process.IsLeaving) return;
        world.Say(process, "Forgotten", "");
        process.Pod.IsDeleted = true;
        process.Pod.IsForgotten = true;
        world.Dns.Withdraw(world.Now, process.Pod.Address);
        world.Network.Sever(process.Pod.Address);
        var name = process.Pod.Name;
        world.At(world.Now + random.Between(100, 3_000), () => kubernetes.StartNew(name));
    }

    private void Jump(SimProcess process)
    {
        process.Jumped += random.Pick<long>([-30, -3, 3, 30, 3_600]);
        world.Say(process, "ClockJumped", $"{process.Jumped} s off");
    }

    private void Sleep(SimProcess process, long until)
    {
        if (process.PausedUntil <= world.Now) process.PausedAt = world.Now;
        process.PausedUntil = Math.Max(process.PausedUntil, until);
        world.Say(process, "Paused", $"until {process.PausedUntil}");
    }

    private void Partition(SimProcess process)
    {
        var others = world.Pods.Where(pod => pod != process.Pod).ToList();
        foreach (var other in others)
        {
            if (random.Chance(0.4)) continue;
            world.Network.Cut(process.Pod.Address, other.Address);
            if (random.Chance(0.7)) world.Network.Cut(other.Address, process.Pod.Address);
        }

        world.Say(process, "CutOff", "");
        world.At(world.Now + random.Between(500, 8_000), world.Network.Heal);
    }

    // As a firewall does: one refuses, as this one sees it, and the next window opens only when this one is closed.
    private void Reject(SimProcess process)
    {
        var other = random.Pick(world.Alive);
        if (world.Network.Rejected is not null || other == process) return;
        world.Say(process, "Rejected", $"by {other}");
        world.Network.Rejected = (process.Pod.Address, other.Pod.Address);
        world.At(world.Now + random.Between(500, 5_000), () => world.Network.Rejected = null);
    }

    private void Pause(SimProcess process) => Sleep(process, world.Now + random.Between(100, 6_000));
}
