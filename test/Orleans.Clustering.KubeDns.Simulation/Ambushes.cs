using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>Faults that come at the one moment at which a rule matters.</summary>
internal sealed class Ambushes(World world, Kubernetes kubernetes, Sieges sieges, SimRandom random)
{
    private int _newcomers;
    private SimProcess? _newcomer;
    private bool _mayFreeze;

    /// <summary>One voter is silent, for less than it takes to be dropped; then another leaves.</summary>
    public void Thin(SimProcess process)
    {
        var voters = Voters(process);
        if (voters.Count < 3) return;
        sieges.Sleep(voters[0], random.Between(6_000, 9_000), isMachine: random.Chance(0.5));
        Later(random.Between(2_800, 5_000), () =>
        {
            if (voters[1].IsAlive) kubernetes.Leave(voters[1]);
        });
    }

    /// <summary>Whoever sits at a dead voter's address has joined from the rest, and says nothing more.</summary>
    public void Occupy(SimProcess process)
    {
        var voters = Voters(process);
        if (voters.Count < 3) return;
        var fallen = voters.Take((voters.Count / 2) + 1).ToList();
        foreach (var victim in fallen) Kill(victim, random.Between(100, 600));
        Later(random.Between(1_500, 3_000), () =>
        {
            if (fallen[0].Pod.Process is { IsAlive: true } occupant)
                sieges.Sleep(occupant, random.Between(12_000, 20_000), isMachine: false);
        });
    }

    /// <summary>It starts, and one silo that does not vote never hears of it.</summary>
    public void Begin(SimProcess process)
    {
        var voters = Voters(process);
        var blind = world.Alive.Where(other => !voters.Contains(other) && world.Silos[other].IsActive).ToList();
        if (voters.Count < 3 || blind.Count == 0 || _newcomer is not null) return;
        kubernetes.StartNew($"newcomer-{_newcomers++}");
        _newcomer = world.Pods[^1].Process;
        if (_newcomer is null) return;
        var (here, there) = (_newcomer.Pod.Address, random.Pick(blind).Pod.Address);
        world.Network.Cut(here, there);
        world.Network.Cut(there, here);
    }

    /// <summary>The next value that a leader proposes is caught on its way.</summary>
    public void Freeze(SimProcess process) => _mayFreeze = true;

    public void OnSent(SimProcess process, Envelope envelope)
    {
        if (world.Now >= world.Plan.FaultsFor || envelope.Body is not Accept accept) return;
        if (_mayFreeze && accept.Ballot.Round == 0) world.At(world.Now, () => FreezeAll(process));
        if (accept is { Command: TableChange { Change: InsertRow insert } } && insert.Row.Owner == _newcomer?.Self)
            OnInserted(process);
    }

    // All voters' machines are suspended at once, so that nobody finishes what their leader began.
    private void FreezeAll(SimProcess leader)
    {
        if (!_mayFreeze) return;
        _mayFreeze = false;
        var together = random.Between(6_000, 9_000);
        foreach (var voter in Voters(leader)) sieges.Sleep(voter, together, isMachine: true);
    }

    // Its row is proposed: one voter and those that do not vote stay, and only that voter has it.
    private void OnInserted(SimProcess leader)
    {
        var newcomer = _newcomer!;
        _newcomer = null;
        world.At(world.Now, () =>
        {
            var stays = Voters(leader).Find(voter => voter != leader);
            var fallen = Voters(leader).Where(voter => voter != stays).Append(newcomer);
            foreach (var each in fallen) Kill(each, random.Between(9_000, 14_000));
        });
    }

    // Unless all faults are over by then (seed 1593).
    private void Later(long after, Action fault) => world.At(world.Now + after, () =>
    {
        if (world.Now < world.Plan.FaultsFor) fault();
    });

    private List<SimProcess> Voters(SimProcess process) => process.Replica.State is not { } state ? []
        : world.Alive.Where(other => state.IsVoter(other.Self.Nonce) && !other.IsLeaving)
            .OrderBy(_ => random.Bits()).ToList();

    private void Kill(SimProcess process, long backAfter)
    {
        world.EndProcess(process, "Killed");
        world.At(world.Now + backAfter, () => kubernetes.Start(process.Pod));
    }
}
