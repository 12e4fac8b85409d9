using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// What goes wrong with one silo, with the network, with DNS and with the clocks, and when: drawn before the run
/// begins, done to whoever is alive then.
/// </summary>
internal sealed class Faults(World world, Kubernetes kubernetes, SimRandom random)
{
    public const long DnsDownFor = 15_000;

    private readonly Sieges _sieges = new(world, kubernetes, random);

    public void Schedule()
    {
        var plan = world.Plan;
        Every(plan.CrashEvery, _sieges.Crash);
        Every(plan.PartitionEvery, Partition);
        Every(plan.PauseEvery, Pause);
        Every(plan.LeaveEvery, kubernetes.Leave);
        Every(plan.RejectEvery, Reject);
        Every(plan.SiegeEvery, _sieges.Begin);
        Every(plan.NodeLossEvery, _sieges.LoseNode);
        Every(plan.ApiCutEvery, CutApi);
        Every(plan.DnsOutageEvery, _ => StopDns());
        Every(plan.ClockEvery, Jump);
        Every(plan.ForgetEvery, process => kubernetes.Forget(process.Pod));
        if (plan.ForkAt > 0) world.At(plan.ForkAt, Fork);
        if (plan.KillAllAt > 0) world.At(plan.KillAllAt, _sieges.KillAll);
        world.OnTrace = _sieges.OnTrace;
        var ambushes = new Ambushes(world, kubernetes, _sieges, random);
        Every(plan.ThinEvery, ambushes.Thin);
        Every(plan.OccupyEvery, ambushes.Occupy);
        Every(plan.NewcomerEvery, ambushes.Begin);
        Every(plan.FreezeEvery, ambushes.Freeze);
        if (plan.NewcomerEvery + plan.FreezeEvery > 0) world.OnSent = ambushes.OnSent;
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

    private void StopDns()
    {
        var until = world.Now + random.Between(1_000, DnsDownFor);
        world.Say("DnsDown", $"until {until}");
        (world.Dns.DownUntil, world.Ready.DownUntil) = (until, until);
    }

    // New pods elsewhere, which neither DNS nor the network shows to the others; then both are whole again.
    private void Fork()
    {
        var count = (int)random.Between(1, 3);
        world.Say("Forked", $"{count} pods");
        for (var i = 0; i < count; i++)
        {
            var pod = world.AddPod($"fork-{i}", $"10.0.1.{i + 1}");
            world.Dns.Fork.Add(pod.Address);
            world.Ready.Fork.Add(pod.Address);
            kubernetes.Start(pod);
        }

        world.At(world.Now + random.Between(3_000, 15_000), EndFork);
    }

    public void EndFork()
    {
        world.Dns.EndFork(world.Now);
        world.Ready.EndFork(world.Now);
    }

    private void Jump(SimProcess process)
    {
        process.Jumped += random.Pick<long>([-30, -3, 3, 30, 3_600]);
        world.Say(process, "ClockJumped", $"{process.Jumped} s off");
    }

    // One from some of the others, in one direction or both; or some from all others.
    private void Partition(SimProcess process)
    {
        var isSplit = random.Chance(0.3);
        var here = isSplit ? world.Pods.Where(pod => pod == process.Pod || random.Chance(0.5)).ToList() : [process.Pod];
        foreach (var pod in here)
        {
            foreach (var other in world.Pods.Except(here).ToList())
            {
                if (!isSplit && random.Chance(0.4)) continue;
                world.Network.Cut(pod.Address, other.Address);
                if (isSplit || random.Chance(0.7)) world.Network.Cut(other.Address, pod.Address);
            }
        }

        world.Say(process, isSplit ? "Split" : "CutOff", string.Join(' ', here.Select(pod => pod.Name)));
        world.At(world.Now + random.Between(500, world.Plan.PartitionFor), world.Network.Heal);
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

    private void Pause(SimProcess process) =>
        _sieges.Sleep(process, random.Between(100, 6_000), isMachine: random.Chance(world.Plan.Suspended));
}
