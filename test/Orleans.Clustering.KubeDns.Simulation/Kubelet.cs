using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Holds a pod for ready while its silo is Active, not told to stop, and answers probes; and publishes that in the
/// ready service, some time later.
/// </summary>
internal sealed class Kubelet(World world, SimRandom random)
{
    private const long ProbeEvery = 500;

    public void Start() => world.At(world.Now + ProbeEvery, Probe);

    private void Probe()
    {
        foreach (var pod in world.Pods.ToList())
        {
            var isReady = IsReady(pod);
            if (isReady == pod.IsReady) continue;
            pod.IsReady = isReady;
            world.At(world.Now + random.Between(0, world.Plan.ReadyLag), () => Publish(pod));
        }

        Start();
    }

    private void Publish(Pod pod)
    {
        var peer = new ListedPeer(pod.Fqdn, pod.Address);
        if (pod.IsReady) world.Ready.Publish(world.Now, peer);
        else if (!world.Pods.Exists(other => other.IsReady && other.Address == pod.Address && other.Fqdn == pod.Fqdn))
            world.Ready.Withdraw(world.Now, peer);
    }

    private bool IsReady(Pod pod)
    {
        if (pod.IsDeleted) return false;
        if (pod.Node.IsLost) return pod.IsReady && world.Now < pod.Node.LostAt + world.Plan.NodeMonitor;
        if (pod.Process is not { IsAlive: true, IsLeaving: false } process) return false;
        if (process.PausedUntil > world.Now && world.Now >= process.PausedAt + world.Plan.UnreadyAfter) return false;
        return world.Silos[process].IsActive;
    }
}
