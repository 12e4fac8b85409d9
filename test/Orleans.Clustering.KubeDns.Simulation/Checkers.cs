using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Sees everything that every process does, and holds it against the invariants of docs/protocol.md § 9 after each
/// step: the log and the table (I1, I2), who founds, votes and is declared ended (I3 to I5), and what a rescue keeps
/// (I6). I7 and I8 are asked once the faults are over.
/// </summary>
internal sealed class Checkers
{
    private readonly World _world;
    private readonly Foundings _foundings;
    private readonly Proposals _proposals;

    public Checkers(World world)
    {
        _world = world;
        Lives = new Lives(world);
        Rescues = new Rescues(world, Lives);
        History = new History(Rescues);
        Reads = new ReadRounds(world, History);
        _foundings = new Foundings(world);
        _proposals = new Proposals(world);
    }

    public History History { get; }

    public Lives Lives { get; }

    public Rescues Rescues { get; }

    public ReadRounds Reads { get; }

    public void OnCommitted(SimProcess process, Committed committed)
    {
        Lives.OnCommitted(process, committed.State);
        if (History.IsNewLineage(committed.State)) OnFounded(process, committed.State.Lineage);
        else if (Lives.IsRevived(process, committed.State)) Lives.OnFounded(process, committed.State.Lineage);
        Rescues.OnCommitted(process, committed.State);
        History.OnCommitted(process, committed);
    }

    private void OnFounded(SimProcess founder, Guid lineage)
    {
        _foundings.OnFounded(founder);
        Lives.OnFounded(founder, lineage);
    }

    public void OnSent(SimProcess process, Envelope envelope)
    {
        _foundings.OnSent(process, envelope);
        _proposals.OnSent(process, envelope);
        Reads.OnSent(process, envelope);
        Lives.OnSent(process, envelope);
        Rescues.OnSent(process, envelope);
    }

    public void OnTrace(SimProcess process, Trace trace)
    {
        Lives.OnTrace(process, trace);
        if (trace.Event == "RescueBegun") Rescues.OnBegun(process);
    }

    public void OnStep()
    {
        if (History.Lineages > 1) Lives.RequireOneLineage(_world.Alive);
    }

    public static void Require(bool condition, string rule, string what)
    {
        if (!condition) throw new SimulationFailedException(rule, what);
    }
}
