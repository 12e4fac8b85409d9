using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>How a run ended: what it did, and whether the cluster settled once the faults had stopped.</summary>
internal sealed record RunResult(
    ulong Seed, int Steps, int Commits, int Reads, int Writes, int Lineages, bool NeedsRescue, ulong TraceHash,
    IReadOnlyDictionary<string, int> Happened);

/// <summary>
/// One seed: a phase in which anything may fail and only safety is asked for, then a whole network in which the
/// cluster must settle within a bound, unless the majority of its voters is gone for good.
/// </summary>
internal sealed class Run
{
    /// <summary>How long a silo whose last row is written waits for its successors, as the node does.</summary>
    private const long HandOverWithin = 5_000;
    private const long EndWithin = 15_000;
    private const long QuietFor = 5_000;

    private readonly SimRandom _random;
    private readonly World _world;
    private int _hosts;
    private bool _ending;

    private Run(ulong seed, TextWriter? trace)
    {
        _world = new World(seed, trace);
        _random = new SimRandom(seed ^ 0x5DEECE66D);
        _world.OnEnd = EndAsTold;
        _world.Kubelet.Start();
    }

    /// <exception cref="SimulationFailedException">A rule was broken.</exception>
    public static RunResult Execute(ulong seed, TextWriter? trace = null)
    {
        var run = new Run(seed, trace);
        run.StartPods();
        run.ScheduleFaults();
        run._world.RunUntil(run._world.Plan.FaultsFor);
        return run.Settle(seed);
    }

    private void StartPods()
    {
        for (var i = 0; i < _world.Plan.Pods; i++)
        {
            var name = $"silo-{i}";
            var at = _world.Plan.StartAtOnce ? _random.Between(0, 50) : _random.Between(0, 8_000);
            _world.At(at, () => Start(_world.AddPod(name, NextHost())));
        }
    }

    private void Start(Pod pod)
    {
        if (!_ending && !pod.IsDeleted && pod.Process is not { IsAlive: true }) _world.StartProcess(pod);
    }

    // A new address, or that of a pod that is gone.
    private string NextHost()
    {
        var free = _world.Pods.Select(pod => pod.Address).Distinct().Where(_world.IsDeleted)
            .Where(address => !_world.Network.IsSevered(address)).ToList();
        return free.Count > 0 && _random.Chance(_world.Plan.ReusedAddresses)
            ? _random.Pick(free).Host
            : $"10.0.0.{++_hosts}";
    }

    private void ScheduleFaults()
    {
        Every(_world.Plan.CrashEvery, Crash);
        Every(_world.Plan.PartitionEvery, Partition);
        Every(_world.Plan.PauseEvery, Pause);
        Every(_world.Plan.LeaveEvery, Leave);
        Every(_world.Plan.RejectEvery, Reject);
        Every(_world.Plan.SiegeEvery, Siege);
        Every(_world.Plan.ApiCutEvery, CutApi);
        Every(_world.Plan.ClockEvery, Jump);
        Every(_world.Plan.ForgetEvery, Forget);
        if (_world.Plan.ForkAt > 0) _world.At(_world.Plan.ForkAt, Fork);
    }

    private void Every(long mean, Action<SimProcess> fault)
    {
        if (mean == 0) return;
        for (var at = _random.Between(0, 2 * mean); at < _world.Plan.FaultsFor; at += _random.Between(1, 2 * mean))
        {
            _world.At(at, () =>
            {
                if (_world.Alive.Count > 0) fault(_random.Pick(_world.Alive));
            });
        }
    }

    // Killed; then restarted in place, or its pod replaced under the same name at another address, or nothing for long.
    private void Crash(SimProcess process)
    {
        _world.EndProcess(process, "Killed");
        var after = _world.Now + _random.Between(10, _world.Plan.BackWithin);
        if (_random.Chance(_world.Plan.InPlace)) _world.At(after, () => Start(process.Pod));
        else Replace(process.Pod, after);
    }

    // Several at once; half the time the majority of the voters is among them.
    private void Siege(SimProcess process)
    {
        var voters = process.Replica.State?.Voters ?? default;
        var count = (int)_random.Between(1, _world.Alive.Count);
        var first = _random.Chance(0.5) ? _world.Alive.OrderBy(each => !voters.Contains(each.Self)) : null;
        var victims = (first ?? _world.Alive.OrderBy(_ => _random.Bits())).Take(count).ToList();
        var isPause = _random.Chance(0.4);
        foreach (var victim in victims)
        {
            if (isPause) Sleep(victim, _world.Now + _random.Between(1_000, _world.Plan.SiegeFor));
            else FallInSiege(victim);
        }
    }

    private void FallInSiege(SimProcess victim)
    {
        _world.EndProcess(victim, "Killed");
        var after = _world.Now + _random.Between(10, _world.Plan.SiegeFor);
        if (_random.Chance(_world.Plan.InPlace)) _world.At(after, () => Start(victim.Pod));
        else Replace(victim.Pod, after);
    }

    private void CutApi(SimProcess process)
    {
        var until = _world.Now + _random.Between(1_000, 12_000);
        _world.Say(process, "ApiCut", $"until {until}");
        foreach (var service in new[] { _world.Dns, _world.Ready })
        {
            service.FrozenUntil = until;
            _world.At(until, () => service.Thaw(_world.Now));
        }
    }

    // New pods elsewhere, which neither DNS nor the network shows to the others; then both are whole again.
    private void Fork()
    {
        var count = (int)_random.Between(1, 3);
        for (var i = 0; i < count; i++)
        {
            var pod = _world.AddPod($"fork-{i}", $"10.0.1.{i + 1}");
            _world.Dns.Fork.Add(pod.Address);
            _world.Ready.Fork.Add(pod.Address);
            Start(pod);
        }

        _world.Checkers.Excuse();
        _world.At(_world.Now + _random.Between(3_000, 15_000), EndFork);
    }

    private void EndFork()
    {
        _world.Dns.Fork.Clear();
        _world.Ready.Fork.Clear();
    }

    // As when a node comes back late: the pod was deleted and replaced, its process does not know.
    private void Forget(SimProcess process)
    {
        if (process.Pod.IsDeleted || process.IsLeaving) return;
        _world.Say(process, "Forgotten", "");
        process.Pod.IsDeleted = true;
        process.Pod.IsForgotten = true;
        _world.Dns.Withdraw(_world.Now, process.Pod.Address);
        _world.Network.Sever(process.Pod.Address);
        var name = process.Pod.Name;
        _world.At(_world.Now + _random.Between(100, 3_000), () => Start(_world.AddPod(name, NextHost())));
    }

    private void Jump(SimProcess process)
    {
        process.Jumped += _random.Pick<long>([-30, -3, 3, 30, 3_600]);
        _world.Say(process, "ClockJumped", $"{process.Jumped} s off");
    }

    // As the node does: at once, or after its application stopped; the kubelet starts it anew.
    private void EndAsTold(SimProcess process, EndProcess end)
    {
        _world.Say(process, "MustEnd", end.Reason.ToString());
        if (end.Reason == EndReason.Yields)
        {
            _world.At(_world.Now + _random.Between(0, 5_000), () => LeaveAndReturn(process));
            return;
        }

        _world.At(_world.Now, () =>
        {
            _world.EndProcess(process, "EndedAsTold");
            _world.At(_world.Now + _random.Between(200, 2_000), () => Start(process.Pod));
        });
    }

    private void LeaveAndReturn(SimProcess process)
    {
        if (process.IsLeaving || !process.IsAlive) return;
        process.IsLeaving = true;
        _world.WhenRunning(process, () => _world.Step(process, new Consensus.Leave()));
        _world.At(_world.Now + 10_000, () =>
        {
            if (!process.IsAlive) return;
            _world.EndProcess(process, "Yielded");
            _world.At(_world.Now + _random.Between(200, 2_000), () => Start(process.Pod));
        });
    }

    private void Sleep(SimProcess process, long until)
    {
        if (process.PausedUntil <= _world.Now) process.PausedAt = _world.Now;
        process.PausedUntil = Math.Max(process.PausedUntil, until);
        _world.Say(process, "Paused", $"until {process.PausedUntil}");
    }

    private void Replace(Pod pod, long after)
    {
        _world.At(after, () =>
        {
            if (_ending || pod.IsDeleted) return;
            Delete(pod);
            Start(_world.AddPod(pod.Name, NextHost()));
        });
    }

    private void Delete(Pod pod)
    {
        pod.IsDeleted = true;
        if (pod.Process is { IsAlive: true } process) _world.EndProcess(process, "Deleted");
        _world.Dns.Withdraw(_world.Now, pod.Address);
        if (_random.Chance(_world.Plan.ReusedAddresses / 2)) _world.Strangers.Add(pod.Address);
    }

    private void Partition(SimProcess process)
    {
        var others = _world.Pods.Where(pod => pod != process.Pod).ToList();
        foreach (var other in others)
        {
            if (_random.Chance(0.4)) continue;
            _world.Network.Cut(process.Pod.Address, other.Address);
            if (_random.Chance(0.7)) _world.Network.Cut(other.Address, process.Pod.Address);
        }

        _world.Say(process, "CutOff", "");
        _world.At(_world.Now + _random.Between(500, 8_000), _world.Network.Heal);
    }

    // As a firewall does: one refuses, as this one sees it, and the next window opens only when this one is closed.
    private void Reject(SimProcess process)
    {
        var other = _random.Pick(_world.Alive);
        if (_world.Network.Rejected is not null || other == process) return;
        _world.Say(process, "Rejected", $"by {other}");
        _world.Network.Rejected = (process.Pod.Address, other.Pod.Address);
        _world.At(_world.Now + _random.Between(500, 5_000), () => _world.Network.Rejected = null);
    }

    private void Pause(SimProcess process) => Sleep(process, _world.Now + _random.Between(100, 6_000));

    // As Kubernetes deletes a pod: told to stop, given time for its last write and its hand-over, then replaced.
    private void Leave(SimProcess process)
    {
        if (process.IsLeaving) return;
        process.IsLeaving = true;
        _world.Say(process, "Leaving", "");
        _world.WhenRunning(process, () => _world.Step(process, new Consensus.Leave()));
        var deadline = _world.Now + 15_000;
        void Poll()
        {
            if (!process.IsAlive) return;
            var done = _world.Silos[process].HasEnded && process.Replica.HasHandedOver;
            if (!done && _world.Now < deadline)
            {
                _world.At(_world.Now + 100, Poll);
                return;
            }

            _world.EndProcess(process, "Stopped");
            if (process.Pod.IsDeleted) return;
            Delete(process.Pod);
            var name = process.Pod.Name;
            _world.At(_world.Now + _random.Between(100, 3_000), () => Start(_world.AddPod(name, NextHost())));
        }

        _world.At(_world.Now + 100, Poll);
    }

    private RunResult Settle(ulong seed)
    {
        _world.Network.IsWhole = true;
        _world.Network.Heal();
        _world.Network.Rejected = null;
        EndFork();
        _world.Dns.IsWhole = true;
        _world.Ready.IsWhole = true;
        _world.Dns.Thaw(_world.Now);
        _world.Ready.Thaw(_world.Now);
        foreach (var process in _world.Alive.ToList())
        {
            // Its node is back, and the kubelet knows that the pod is gone.
            if (process.Pod.IsForgotten) _world.EndProcess(process, "Killed");
        }

        foreach (var process in _world.Alive.ToList())
        {
            process.PausedUntil = Math.Min(process.PausedUntil, _world.Now);
            _world.Wake(process);
        }

        foreach (var pod in _world.Pods.ToList()) Start(pod);
        var until = _world.Now + _world.Plan.SettleWithin;
        var obstacle = "nothing was tried";
        while (_world.Now < until && !_world.IsUsedUp)
        {
            _world.RunUntil(_world.Now + 500);
            obstacle = Obstacle();
            if (obstacle.Length == 0 || MustWait()) break;
        }

        if (_world.IsUsedUp)
            throw new SimulationFailedException("I8", $"{_world.Steps} steps by {_world.Now} ms: somebody spins");
        if (obstacle.Length > 0 && !MustWait())
            throw new SimulationFailedException("I8", $"not settled after {_world.Plan.SettleWithin} ms: {obstacle}");
        if (obstacle.Length == 0 && !MustWait()) EndTogether();
        return Result(seed);
    }

    // As when a namespace is deleted: all are told to stop within a moment, and each must come to write its last row.
    private void EndTogether()
    {
        _ending = true;

        // Who died a moment ago may still be given the vote: two faults at once, which only the rescue can mend.
        _world.RunUntil(_world.Now + QuietFor);
        if (Obstacle().Length > 0 || NeedsRescue()) return;
        var leavers = _world.Alive.ToList();
        foreach (var process in leavers) _world.At(_world.Now + _random.Between(0, 200), () => End(process));
        var until = _world.Now + EndWithin;
        while (_world.Alive.Count > 0 && _world.Now < until && !_world.IsUsedUp) _world.RunUntil(_world.Now + 100);
        if (_world.Alive.Count == 0) return;
        throw new SimulationFailedException("I8", $"told to stop together, of {leavers.Count} silos "
            + $"{string.Join(' ', _world.Alive)} still run after {EndWithin} ms");
    }

    private void End(SimProcess process)
    {
        process.IsLeaving = true;
        _world.Step(process, new Consensus.Leave());
        var handOverUntil = long.MaxValue;
        void Poll()
        {
            var hasEnded = _world.Silos[process].HasEnded;
            if (hasEnded && handOverUntil == long.MaxValue) handOverUntil = _world.Now + HandOverWithin;
            if (hasEnded && (process.Replica.HasHandedOver || _world.Now >= handOverUntil))
                _world.EndProcess(process, "Stopped");
            else _world.At(_world.Now + 20, Poll);
        }

        Poll();
    }

    private RunResult Result(ulong seed) => new(
        seed, _world.Steps, _world.Checkers.Commits, _world.Silos.Values.Sum(silo => silo.Reads),
        _world.Silos.Values.Sum(silo => silo.Writes), _world.Checkers.Lineages, MustWait(), _world.TraceHash,
        _world.Happened);

    // What is not as it should be once all is whole; empty if the cluster has settled.
    private string Obstacle()
    {
        if (_world.Alive.Any(process => process.IsLeaving)) return "somebody is still leaving";
        if (_world.Alive.FirstOrDefault(process => process.Replica.State is null) is { } outside)
            return $"{outside} has no lineage: {outside.Replica.WaitingFor}";
        var states = _world.Alive.Select(process => process.Replica.State!).ToList();
        if (states.Select(state => (state.Lineage, state.Epoch)).Distinct().Count() > 1)
        {
            return "several clusters: " + string.Join(", ", _world.Alive.Select(process =>
                $"{process} {process.Replica.State!.Lineage.ToString()[..4]} {process.Replica.State.Epoch} "
                + process.Replica.RescueWaitsFor));
        }

        var newest = states.MaxBy(state => state.Index);
        if (newest is null) return "";
        if (_world.Alive.FirstOrDefault(process => process.Replica.LostSince >= 0) is { } lost)
            return $"{lost} has no majority: {lost.Replica.RescueWaitsFor}";
        foreach (var process in _world.Alive)
        {
            if (newest.Table.RowOf(process.Self) is not { State: SiloState.Active }) return $"{process} is not Active";
        }

        var target = Math.Min(_world.Plan.MaxVoters, _world.Alive.Count);
        if (target % 2 == 0) target--;
        if (newest.Voters.Count != target) return $"{newest.Voters} vote, {target} should";
        if (newest.Voters.Any(voter => !_world.IsAlive(voter))) return $"a dead voter in {newest.Voters}";
        return states.Any(state => state.Index < newest.Index - 5) ? "somebody lags" : "";
    }

    // Nobody may rescue what is lost.
    private bool MustWait() => !_world.Plan.MayRescue && NeedsRescue();

    // The majority of the newest configuration, or of the newest that anybody alive knows, has ended: only the rescue
    // of protocol § 7 can help.
    private bool NeedsRescue()
    {
        var states = _world.Alive.Select(process => process.Replica.State).OfType<ClusterState>()
            .GroupBy(state => (state.Lineage, state.Epoch)).ToList();
        var newest = states.Select(life => _world.Checkers.Newest(life.Key));
        var known = states.Select(life => life.MaxBy(state => state.Index)!);
        return newest.Concat(known).Any(state => state.Voters.Count(_world.IsAlive) < state.Majority);
    }
}
