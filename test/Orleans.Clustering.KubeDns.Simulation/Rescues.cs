using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Holds the first state of every rescued epoch against what its witnesses told (I6): it must be a state that was
/// decided before, no older than what any of them knew, with the value in flight, and nothing else but what a rescue
/// changes.
/// </summary>
internal sealed class Rescues
{
    private readonly Dictionary<Epoch, Dictionary<Nonce, RescuePromise>> _promises = [];
    private readonly Dictionary<(Guid, Epoch, long), List<Command>> _proposed = [];
    private readonly Dictionary<Epoch, ClusterState> _known = [];

    public void OnSent(SimProcess process, Envelope envelope)
    {
        if (envelope.Body is RescuePromise promise)
        {
            if (!_promises.TryGetValue(promise.Epoch, out var promises)) _promises[promise.Epoch] = promises = [];
            promises[process.Self.Nonce] = promise;
        }
        else if (envelope.Body is RescueAccept or RescuePrepare && process.Replica.State is { } known)
        {
            // What the rescuer knows itself: it promises itself within a step.
            var epoch = envelope.Body is RescueAccept accept ? accept.Epoch : ((RescuePrepare)envelope.Body).Epoch;
            if (known.Epoch != epoch) _known[epoch] = known;
        }
        else if (envelope.Body is Accept { Command: { } command } proposed)
        {
            var slot = (envelope.Lineage, envelope.Epoch, proposed.Slot);
            if (!_proposed.TryGetValue(slot, out var commands)) _proposed[slot] = commands = [];
            commands.Add(command);
        }
    }

    /// <summary>The state that it goes on from, and the value in flight that it adopted, if any.</summary>
    public (ClusterState Before, Command? Adopted) Check(
        SimProcess process, ClusterState first,
        Dictionary<(Guid Lineage, Epoch Epoch), List<(Command? Command, ClusterState State)>> logs,
        Func<ClusterState, string> digest)
    {
        var bases = logs.Where(log => log.Key.Lineage == first.Lineage && log.Key.Epoch.CompareTo(first.Epoch) < 0)
            .SelectMany(log => log.Value).Select(entry => entry.State)
            .Where(state => state.Index == first.Index - 1).ToList();
        var (before, adopted) = bases.Select(state => (State: state, Value: Continues(state, first, digest)))
            .Where(each => each.Value is not null).Select(each => (each.State, each.Value!.Value.Command))
            .FirstOrDefault();
        if (before is null)
            throw Broken($"{process} begins epoch {first.Epoch} at {first.Index} with what no epoch before it held");
        foreach (var told in ToldBy(first.Epoch))
        {
            if ((told.State.Epoch, told.State.Index).CompareTo((before.Epoch, before.Index)) > 0)
                throw Broken($"{first.Epoch} begins from {before.Index}, though a witness knew {told.State.Index}");
        }

        return (before, adopted);
    }

    private IEnumerable<RescuePromise> ToldBy(Epoch epoch)
    {
        var told = _promises.GetValueOrDefault(epoch)?.Values.ToList() ?? [];
        if (_known.TryGetValue(epoch, out var own)) told.Add(new RescuePromise(epoch, own, null, default));
        return told;
    }

    // As the rescue makes it, with the value that a witness had accepted, or one that was at least proposed; with none
    // only if no witness had.
    private (Command? Command, bool)? Continues(
        ClusterState before, ClusterState first, Func<ClusterState, string> digest)
    {
        var mustAdopt = ToldBy(first.Epoch).Any(told =>
            told.Accepted is not null && (told.State.Epoch, told.State.Index) == (before.Epoch, before.Index));
        var candidates = _proposed.GetValueOrDefault((before.Lineage, before.Epoch, before.Index + 1)) ?? [];
        IEnumerable<Command?> values = mustAdopt ? candidates : candidates.Prepend<Command?>(null);
        var wanted = digest(first);
        foreach (var value in values)
        {
            var last = value is null ? before : before.Apply(value);
            var ended = last.Table.Rows.Values.Where(row => row.State != SiloState.Dead && row.Owner is not null
                && first.Table.Rows.GetValueOrDefault(row.Silo) is { State: SiloState.Dead }).Select(row => row.Owner!);
            if (digest(before.Rescue(first.Epoch, value, ended, first.Voters)) == wanted) return (value, true);
        }

        return null;
    }

    private static SimulationFailedException Broken(string what) => new("I6", what);
}
