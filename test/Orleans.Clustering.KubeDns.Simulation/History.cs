using System.Text;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// All logs and all operations: one history (I1), and a linearizable table (I2). Versions and log indices order all
/// writes, so linearizability is a linear check: each operation must lie at or above everything that had completed
/// before it began. Across a rescue only that may be lost which the dead alone had seen.
/// </summary>
internal sealed class History(Rescues rescues)
{
    private readonly Dictionary<(Guid, Epoch), List<(Command? Command, ClusterState State)>> _logs = [];
    private readonly Dictionary<(Guid Lineage, Epoch Epoch), Dictionary<RequestId, long>> _committed = [];
    private readonly Dictionary<(Guid Lineage, Epoch Epoch), long> _floor = [];
    private readonly Dictionary<Nonce, (Epoch Epoch, long Index, int Version)> _reached = [];
    private readonly HashSet<Guid> _lineages = [];
    private readonly HashSet<Nonce> _cleanedUp = [];

    public int Lineages => _lineages.Count;

    public int Commits => _logs.Values.Sum(log => log.Count - 1);

    public ClusterState Newest((Guid, Epoch) life) => _logs[life][^1].State;

    /// <summary>What stands at that index; null: nothing yet.</summary>
    public ClusterState? At((Guid, Epoch) life, long index)
    {
        if (!_logs.TryGetValue(life, out var log)) return null;
        var at = index - log[0].State.Index;
        return at >= 0 && at < log.Count ? log[(int)at].State : null;
    }

    public bool IsNewLineage(ClusterState state) => !_lineages.Contains(state.Lineage);

    public void OnCommitted(SimProcess process, Committed committed)
    {
        var state = committed.State;
        var life = (state.Lineage, state.Epoch);
        RequireForward(process, state);
        if (!_logs.TryGetValue(life, out var log))
        {
            if (!_lineages.Add(state.Lineage)) BeginEpoch(process, state);
            else Checkers.Require(state.Index == 0, "I1", $"{process} begins a lineage at {state.Index}");
            _logs.TryAdd(life, [(null, state)]);
        }

        log = _logs[life];
        var at = state.Index - log[0].State.Index;
        if (at == log.Count && committed.Command is { } command)
        {
            RequireNewest(process, state, _logs.Keys);
            Append(log, command, state);
            return;
        }

        Checkers.Require(at >= 0 && at < log.Count, "I1", $"{process} knows {state.Index}, which nobody decided");
        var known = log[(int)at];
        Checkers.Require(committed.Command is null || committed.Command.Equals(known.Command), "I1",
            $"{process} applied {committed.Command} at {state.Index}, where {known.Command} stands");
        Checkers.Require(Digest(state) == Digest(known.State), "I1", $"{process} differs at {state.Index}");
    }

    // Nobody goes back, in the log or in the versions that it told its silo.
    private void RequireForward(SimProcess process, ClusterState state)
    {
        if (_reached.TryGetValue(process.Self.Nonce, out var before))
        {
            Checkers.Require((state.Epoch, state.Index).CompareTo((before.Epoch, before.Index)) > 0
                && state.Table.Version >= before.Version, "I2", $"{process} went back to {state.Epoch} {state.Index}");
        }

        _reached[process.Self.Nonce] = (state.Epoch, state.Index, state.Table.Version);
    }

    private void Raise(ClusterState state, long index)
    {
        var life = (state.Lineage, state.Epoch);
        _floor[life] = Math.Max(_floor.GetValueOrDefault(life), index);
    }

    public void OnRead(SimProcess process, ClusterState state, Operation operation)
    {
        var floor = operation.Floors.GetValueOrDefault((state.Lineage, state.Epoch));
        Checkers.Require(state.Index >= floor, "I2", $"{process} read {state.Index} after {floor} had completed");
        RequireNewest(process, state, operation.Floors.Keys);
        Raise(state, state.Index);
    }

    public void OnWritten(SimProcess process, Answer answer, Operation operation)
    {
        RequireNewest(process, process.Replica.State!, operation.Floors.Keys);
        if (answer == Answer.Done) OnDone(process, process.Replica.State!.Lineage, operation);
        else if (answer == Answer.Lost) OnLost(process, operation);
    }

    public Dictionary<(Guid Lineage, Epoch Epoch), long> Floors() => new(_floor);

    // Once a higher epoch stands nothing is decided in a lower one, nor does anything complete there that begins later.
    private void RequireNewest(
        SimProcess process, ClusterState state, IEnumerable<(Guid Lineage, Epoch Epoch)> stood)
    {
        foreach (var (lineage, epoch) in stood)
        {
            if (lineage == state.Lineage && epoch.CompareTo(state.Epoch) > 0)
                rescues.RequireUnaware(process, state, epoch);
        }
    }

    private void OnDone(SimProcess process, Guid lineage, Operation operation)
    {
        var mine = _logs.Values.SelectMany(log => log)
            .Where(entry => entry.State.Lineage == lineage && entry.Command is TableChange change
                && change.Id?.By == process.Self.Nonce && Same(change.Change, operation.Change!)
                && entry.State.Index > operation.Floors.GetValueOrDefault((lineage, entry.State.Epoch))).ToList();
        Checkers.Require(mine.Count > 0, "I2", $"{process} was told of a commit that is nowhere: {operation.Change}");
        var version = mine[^1].State.Table.Version;
        if (Expected(operation.Change!) is { } expected)
        {
            var risen = version - expected.Version;
            Checkers.Require(risen is 1 or 1 + TableState.RescueRaise, "I2", $"{process} committed off its token");
        }

        Raise(mine[^1].State, mine[^1].State.Index);
    }

    private void OnLost(SimProcess process, Operation operation)
    {
        var state = process.Replica.State!;
        var newest = Newest((state.Lineage, state.Epoch));
        Checkers.Require(newest.Table.Check(operation.Change!, newest.Tag) == Verdict.Lost, "I2",
            $"{process} lost a compare-and-swap that could still win: {operation.Change}");
    }

    private void Append(List<(Command? Command, ClusterState State)> log, Command command, ClusterState state)
    {
        var before = log[^1].State;
        var risen = state.Table.Version - before.Table.Version;
        var changed = !state.Table.Rows.SequenceEqual(before.Table.Rows);
        Checkers.Require(risen == (changed ? 1 : 0), "I2", $"version {before.Table.Version} to {state.Table.Version}");
        Checkers.Require(!before.Table.Rows.Values.Any(row => row.State == SiloState.Dead
            && state.Table.Rows.TryGetValue(row.Silo, out var now) && now.State != SiloState.Dead),
            "I2", "a dead silo came back");
        if (command.Id is { } id && !MayRunAgain(command)) RequireOnce(state, id);
        if (command is TableChange { Change: Cleanup cleanup }) Forget(before, cleanup);
        log.Add((command, state));
    }

    // What a silo asked for is forgotten with its row (protocol § 3), so a late copy of its clean-up runs again; it can
    // remove no more than one asked for now. A compare-and-swap could not win again (seed 32009627).
    private bool MayRunAgain(Command command) =>
        command is TableChange { Change: Cleanup, Id: { } id } && _cleanedUp.Contains(id.By);

    private void Forget(ClusterState before, Cleanup cleanup) => _cleanedUp.UnionWith(cleanup.Victims
        .Select(silo => before.Table.Rows.GetValueOrDefault(silo)?.Owner?.Nonce).OfType<Nonce>());

    // What the new epoch does not go on from never was: who asked for it may ask again.
    private void BeginEpoch(SimProcess process, ClusterState first)
    {
        var (before, adopted) = rescues.Check(process, first, _logs, Digest);
        _logs[(first.Lineage, first.Epoch)] = [(adopted, first)];
        var kept = _committed.GetValueOrDefault((first.Lineage, before.Epoch)) ?? [];
        _committed[(first.Lineage, first.Epoch)] =
            kept.Where(each => each.Value <= before.Index).ToDictionary(each => each.Key, each => each.Value);
        if (adopted?.Id is { } id) RequireOnce(first, id);
    }

    private void RequireOnce(ClusterState state, RequestId id)
    {
        var life = (state.Lineage, state.Epoch);
        if (!_committed.TryGetValue(life, out var committed)) _committed[life] = committed = [];
        Checkers.Require(committed.TryAdd(id, state.Index), "I2", $"{id} was committed twice");
    }

    private static TableTag? Expected(TableCommand change) =>
        change switch { InsertRow insert => insert.Expected, UpdateRow update => update.Expected, _ => null };

    private static bool Same(TableCommand committed, TableCommand asked) =>
        committed is Cleanup done ? asked is Cleanup wanted && done.BeforeTicks == wanted.BeforeTicks
        : committed.Equals(asked);

    private static string Digest(ClusterState state)
    {
        var text = new StringBuilder();
        text.Append(state.VotersAt).Append(state.Voters).Append(state.Table.Version).Append(state.FormedAt);
        foreach (var (_, row) in state.Table.Rows) text.Append(row);
        foreach (var (nonce, numbers) in state.Recent.Committed) text.Append(nonce).Append(numbers);
        return text.ToString();
    }
}
