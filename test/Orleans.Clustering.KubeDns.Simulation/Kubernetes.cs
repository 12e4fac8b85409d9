using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What becomes of pods: started, told to stop, deleted, replaced under the same name.</summary>
internal sealed class Kubernetes(World world, SimRandom random)
{
    private int _hosts;

    /// <summary>The end has come: nothing is started any more.</summary>
    public bool IsEnding { get; set; }

    public void Start(Pod pod)
    {
        if (!IsEnding && !pod.IsDeleted && pod.Process is not { IsAlive: true }) world.StartProcess(pod);
    }

    public void StartNew(string name) => Start(world.AddPod(name, NextHost()));

    // A new address, or that of a pod that is gone.
    private string NextHost()
    {
        var free = world.Pods.Select(pod => pod.Address).Distinct().Where(world.IsDeleted)
            .Where(address => !world.Network.IsSevered(address)).ToList();
        return free.Count > 0 && random.Chance(world.Plan.ReusedAddresses)
            ? random.Pick(free).Host
            : $"10.0.0.{++_hosts}";
    }

    public void Replace(Pod pod, long after)
    {
        world.At(after, () =>
        {
            if (IsEnding || pod.IsDeleted) return;
            Delete(pod);
            StartNew(pod.Name);
        });
    }

    public void Delete(Pod pod)
    {
        pod.IsDeleted = true;
        if (pod.Process is { IsAlive: true } process) world.EndProcess(process, "Deleted");
        world.Dns.Withdraw(world.Now, pod.Address);
        if (random.Chance(world.Plan.ReusedAddresses / 2)) world.Strangers.Add(pod.Address);
    }

    // As Kubernetes deletes a pod: told to stop, given time for its last write and its hand-over, then replaced.
    public void Leave(SimProcess process)
    {
        if (process.IsLeaving) return;
        process.IsLeaving = true;
        world.Say(process, "Leaving", "");
        world.WhenRunning(process, () => world.Step(process, new Consensus.Leave()));
        var deadline = world.Now + 15_000;
        void Poll()
        {
            if (!process.IsAlive) return;
            var done = world.Silos[process].HasEnded && process.Replica.HasHandedOver;
            if (!done && world.Now < deadline)
            {
                world.At(world.Now + 100, Poll);
                return;
            }

            world.EndProcess(process, "Stopped");
            if (process.Pod.IsDeleted) return;
            Delete(process.Pod);
            var name = process.Pod.Name;
            world.At(world.Now + random.Between(100, 3_000), () => StartNew(name));
        }

        world.At(world.Now + 100, Poll);
    }

    // As the node does: at once, or after its application stopped; the kubelet starts it anew.
    public void EndAsTold(SimProcess process, EndProcess end)
    {
        world.Say(process, "MustEnd", end.Reason.ToString());
        if (end.Reason == EndReason.Yields)
        {
            world.At(world.Now + random.Between(0, 5_000), () => LeaveAndReturn(process));
            return;
        }

        world.At(world.Now, () =>
        {
            world.EndProcess(process, "EndedAsTold");
            world.At(world.Now + random.Between(200, 2_000), () => Start(process.Pod));
        });
    }

    private void LeaveAndReturn(SimProcess process)
    {
        if (process.IsLeaving || !process.IsAlive) return;
        process.IsLeaving = true;
        world.WhenRunning(process, () => world.Step(process, new Consensus.Leave()));
        world.At(world.Now + 10_000, () =>
        {
            if (!process.IsAlive) return;
            world.EndProcess(process, "Yielded");
            world.At(world.Now + random.Between(200, 2_000), () => Start(process.Pod));
        });
    }
}
