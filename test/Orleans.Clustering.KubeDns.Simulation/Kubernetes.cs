using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// What becomes of pods: started, started again in place, told to stop, deleted, replaced under the same name; and of
/// the machines they run on.
/// </summary>
internal sealed class Kubernetes(World world, SimRandom random)
{
    private const long GracePeriod = 15_000;

    private int _hosts;

    /// <summary>The end has come: nothing is started any more.</summary>
    public bool IsEnding { get; set; }

    /// <summary>Pods whose object is there.</summary>
    public IEnumerable<Pod> Listed => world.Pods.Where(pod => !pod.IsDeleted);

    /// <summary>The process of a pod, on a machine that runs.</summary>
    public void Start(Pod pod)
    {
        if (IsEnding || pod.IsDeleted || pod.IsDud || pod.IsAlive || pod.Node.IsLost) return;
        world.StartProcess(pod);
    }

    public void StartNew(string name) => Start(world.AddPod(name, NextHost()));

    /// <summary>A pod that is listed like any other, and whose process does not start.</summary>
    public Pod AddDud(string name)
    {
        var pod = world.AddPod(name, NextHost());
        (pod.IsDud, pod.IsDark) = (true, world.Plan.DudsAreSilent);
        world.Say("NeverStarts", $"{pod.Fqdn} at {pod.Address}");
        return pod;
    }

    /// <summary>What kept it from starting is mended.</summary>
    public void Mend(Pod pod)
    {
        (pod.IsDud, pod.IsDark) = (false, false);
        Start(pod);
    }

    public void StartAgain(Pod pod) =>
        world.At(world.Now + (random.Between(200, 2_000) * Math.Min(pod.Starts, 4)), () => Start(pod));

    // A new address, or that of a pod that is gone.
    private string NextHost()
    {
        var free = world.Pods.Select(pod => pod.Address).Distinct().Where(world.IsDeleted)
            .Where(address => !world.Network.IsSevered(address) && !world.Dns.IsWanted(address)).ToList();
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
        Withdraw(pod);
        if (random.Chance(world.Plan.ReusedAddresses / 2)) world.Strangers.Add(pod.Address);
    }

    /// <summary>As when its machine is out of reach: the pod is deleted and replaced, its process lives on.</summary>
    public void Forget(Pod pod)
    {
        if (pod.IsDeleted || pod.Process is not { IsAlive: true, IsLeaving: false } process) return;
        world.Say(process, "Forgotten", "");
        pod.IsDeleted = true;
        pod.IsForgotten = true;
        Withdraw(pod);
        world.Network.Sever(pod.Address);
        world.At(world.Now + random.Between(100, 3_000), () => StartNew(pod.Name));
    }

    // Its address may be another pod's by then, under the same name even.
    private void Withdraw(Pod pod) => world.At(world.Now + random.Between(0, world.Plan.PublishLag), () =>
    {
        if (!Listed.Any(other => other.Address == pod.Address && other.Fqdn == pod.Fqdn))
            world.Dns.Withdraw(world.Now, new ListedPeer(pod.Fqdn, pod.Address));
    });

    /// <summary>As Kubernetes deletes a pod: told to stop, given time for its last write and its hand-over.</summary>
    public void Leave(SimProcess process) => Leave(process, isReplaced: true);

    public void Leave(SimProcess process, bool isReplaced)
    {
        if (process.IsLeaving) return;
        world.Say(process, "Leaving", "");
        TellToStop(process);
        var deadline = world.Now + GracePeriod;
        void Poll()
        {
            if (!process.IsAlive) return;
            var done = world.Silos[process].HasEnded && process.Replica.HasHandedOver;
            if (!done && world.Now < deadline)
            {
                world.At(world.Now + 100, Poll);
                return;
            }

            if (done) world.Checkers.Lives.OnHandedOver(process);
            world.EndProcess(process, "Stopped");
            if (process.Pod.IsDeleted) return;
            Delete(process.Pod);
            if (isReplaced) world.At(world.Now + random.Between(100, 3_000), () => StartNew(process.Pod.Name));
        }

        world.At(world.Now + 100, Poll);
    }

    private void TellToStop(SimProcess process)
    {
        process.IsLeaving = true;
        world.WhenRunning(process, () => world.Step(process, new Consensus.Leave()));
    }

    /// <summary>As the node does: at once, or after its application stopped; the kubelet starts it anew.</summary>
    public void EndAsTold(SimProcess process, EndProcess end)
    {
        world.Say(process, "MustEnd", end.Reason.ToString());
        if (end.Reason == EndReason.Yields)
            world.At(world.Now + random.Between(0, 5_000), () => LeaveAndReturn(process));
        else
            world.At(world.Now, () => EndAndReturn(process, "EndedAsTold"));
    }

    public void EndEvicted(SimProcess process) => world.At(world.Now, () => EndAndReturn(process, "VotedOut"));

    private void EndAndReturn(SimProcess process, string how)
    {
        if (!process.IsAlive) return;
        world.EndProcess(process, how);
        StartAgain(process.Pod);
    }

    private void LeaveAndReturn(SimProcess process)
    {
        if (process.IsLeaving || !process.IsAlive) return;
        TellToStop(process);
        world.At(world.Now + 10_000, () => EndAndReturn(process, "Yielded"));
    }

    /// <summary>A machine goes: its processes die with it, or live on cut off from everybody.</summary>
    public void Lose(Node node, bool isDead)
    {
        var pods = Listed.Where(pod => pod.Node == node).ToList();
        var names = string.Join(' ', pods.Select(pod => pod.Name));
        world.Say(isDead ? "NodeDied" : "NodeCutOff", $"{node.Name} with {names}");
        node.LostAt = world.Now;
        node.HasDns = !isDead && random.Chance(0.3);
        foreach (var process in pods.Select(pod => pod.Process).OfType<SimProcess>().ToList())
        {
            if (isDead) world.EndProcess(process, "Killed");
        }
    }

    /// <summary>Long after, Kubernetes gives up on what still runs there, and on what does not.</summary>
    public void Evict(Node node)
    {
        if (!node.IsLost) return;
        world.Say("Evicted", node.Name);
        foreach (var pod in Listed.Where(pod => pod.Node == node).ToList())
        {
            if (pod.IsAlive) Forget(pod);
            else Replace(pod, world.Now);
        }
    }

    /// <summary>The machine is back, and the kubelet learns in a while that the pod should not be there.</summary>
    public void FindForgotten(Pod pod)
    {
        world.Network.Unsever(pod.Address);
        var process = pod.Process!;
        world.At(world.Now + random.Between(0, 15_000), () => world.EndProcess(process, "Killed"));
    }

    public void Return(Node node)
    {
        if (!node.IsLost) return;
        node.LostAt = -1;
        foreach (var pod in world.Pods.Where(pod => pod.Node == node && pod is { IsForgotten: true, IsAlive: true }))
            FindForgotten(pod);
        foreach (var pod in Listed.Where(pod => pod.Node == node && !pod.IsAlive).ToList()) StartAgain(pod);
    }
}
