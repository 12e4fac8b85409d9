using System.Text;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Sees everything that every process does, and holds it against the invariants of docs/protocol.md § 9 after each
/// step. Versions and log indices order all writes, so linearizability is a linear check: each operation must lie
/// at or above everything that had completed before it began.
/// </summary>
internal sealed class Checkers(World world)
{
    private readonly Dictionary<(Guid, Epoch), List<(Command? Command, ClusterState State)>> _logs = [];
    private readonly Dictionary<(Guid Lineage, Epoch Epoch), Dictionary<RequestId, long>> _committed = [];
    private readonly Dictionary<Nonce, int> _voted = [];
    private readonly Dictionary<(Guid Lineage, Epoch Epoch), long> _floor = [];
    private readonly Dictionary<Nonce, (Epoch, long)> _reached = [];
    private readonly Rescues _rescues = new();

    public int Lineages => _logs.Keys.Select(key => key.Item1).Distinct().Count();

    public bool PassedOver { get; private set; }

    /// <summary>From now on another lineage may be founded (§ 10).</summary>
    public void Excuse() => PassedOver = true;

    public int Commits => _logs.Values.Sum(log => log.Count - 1);

    public ClusterState Newest((Guid, Epoch) life) => _logs[life][^1].State;

    public void OnCommitted(SimProcess process, Committed committed)
    {
        var state = committed.State;
        var life = (state.Lineage, state.Epoch);
        Require(_reached.GetValueOrDefault(process.Self.Nonce).CompareTo((state.Epoch, state.Index)) < 0
            || state.Index == 0, "I2", $"{process} went back to {state.Epoch} {state.Index}");
        if (!_logs.TryGetValue(life, out var log))
        {
            if (state.Index == 0) OnFounded(process);
            else BeginEpoch(process, state);
            _logs.TryAdd(life, [(null, state)]);
        }

        _reached[process.Self.Nonce] = (state.Epoch, state.Index);
        log = _logs[life];
        var at = state.Index - log[0].State.Index;
        if (at == log.Count && committed.Command is { } command)
        {
            RequireNoHigher(process, state);
            Append(log, command, state);
            return;
        }

        Require(at >= 0 && at < log.Count, "I1", $"{process} knows {state.Index}, which nobody decided");
        var known = log[(int)at];
        Require(committed.Command is null || committed.Command.Equals(known.Command), "I1",
            $"{process} applied {committed.Command} at {state.Index}, where {known.Command} stands");
        Require(Digest(state) == Digest(known.State), "I1", $"{process} differs at {state.Index}");
    }

    /// <summary>A vote must come from the process whose nonce it bears, and no two processes may bear one.</summary>
    public void OnSent(SimProcess process, Envelope envelope)
    {
        _rescues.OnSent(process, envelope);
        if (!IsVote(envelope.Body)) return;
        if (!_voted.TryGetValue(envelope.From.Nonce, out var number))
            _voted[envelope.From.Nonce] = process.Number;
        else
            Require(number == process.Number, "I4", $"{process} votes as an earlier process did");
    }

    private static bool IsVote(Message body) => body is Promise or Accepted or FoundPromise or FoundAccepted
        or RescuePromise or RescueAccepted;

    public void OnTrace(SimProcess process, Trace trace, IReadOnlyList<SimProcess> alive)
    {
        if (trace.Event == "PassedOver") OnPassedOver(process, trace.Text);
        if (trace.Event != "MemberEnded") return;
        var living = alive.FirstOrDefault(other => !other.Pod.IsForgotten
            && trace.Text.StartsWith(other.Self.ToString(), StringComparison.Ordinal));
        Require(living is null || MayBeTakenForEnded(living, trace), "I5",
            $"{process} declared {living} ended, which lives: {trace.Text}");
    }

    // Rule (b): a firewall that refuses for one observer, and Kubernetes that holds the pod for not ready, say the same
    // as a process that has ended.
    private static bool MayBeTakenForEnded(SimProcess living, Trace trace) =>
        !living.Pod.IsReady && Coverage.Of(trace) == "EndedRefused";

    // The rules that excuse a second lineage take their time; a founder younger than that cannot have waited it out.
    private void OnPassedOver(SimProcess process, string text)
    {
        var least = text.EndsWith("(refuses)", StringComparison.Ordinal) ? 10_000 : 30_000;
        Require(world.Now - process.StartedAt >= least, "I3", $"{process} passed over too early: {text}");
        PassedOver = true;
    }

    // § 10: who joined before an answer could list it may be missed. A settled answer is no older than the founder.
    private void OnFounded(SimProcess founder) =>
        PassedOver |= world.Alive.Any(process => process != founder && process.Replica.State is not null
            && !world.Dns.IsPublished(process.Pod.Address, founder.StartedAt));

    /// <summary>At most one lineage, as long as nobody was passed over and every member is published.</summary>
    public void OnStep(IReadOnlyList<SimProcess> alive, SimDns dns)
    {
        if (PassedOver || _logs.Count < 2) return;
        if (alive.Any(process => process.Replica.State is not null && !dns.IsPublished(process.Pod.Address))) return;
        var lineages = alive.Select(process => process.Replica.State?.Lineage).OfType<Guid>().Distinct().ToList();
        Require(lineages.Count < 2, "I3", $"two lineages live: {string.Join(' ', lineages)}");
    }

    private void Raise(ClusterState state, long index)
    {
        var life = (state.Lineage, state.Epoch);
        _floor[life] = Math.Max(_floor.GetValueOrDefault(life), index);
    }

    public void OnRead(SimProcess process, ClusterState state, Operation operation)
    {
        var floor = operation.Floors.GetValueOrDefault((state.Lineage, state.Epoch));
        Require(state.Index >= floor, "I2", $"{process} read {state.Index} after {floor} had completed");
        RequireNewest(process, state, operation);
        Raise(state, state.Index);
    }

    public void OnWritten(SimProcess process, Answer answer, Operation operation)
    {
        RequireNewest(process, process.Replica.State!, operation);
        if (answer == Answer.Done) OnDone(process, process.Replica.State!.Lineage, operation);
        else if (answer == Answer.Lost) OnLost(process, operation);
    }

    public Dictionary<(Guid Lineage, Epoch Epoch), long> Floors() => new(_floor);

    // Two epochs that decide at once: what the lower one tells its callers is not so in the higher.
    private void RequireNoHigher(SimProcess process, ClusterState state)
    {
        if (process.Pod.IsForgotten) return;
        var higher = _logs.Keys.FirstOrDefault(life => life.Item1 == state.Lineage
            && life.Item2.CompareTo(state.Epoch) > 0 && IsPeopled(life));
        Require(higher == default, "I1", $"{process} decides {state.Index} in {state.Epoch} beside {higher.Item2}");
    }

    // Once anything completed in a higher epoch, nothing that begins later completes in a lower one.
    private void RequireNewest(SimProcess process, ClusterState state, Operation operation)
    {
        // § 10: whom Kubernetes holds for gone, and who is a majority by itself, cannot know.
        if (process.Pod.IsForgotten) return;
        var higher = operation.Floors.Keys.FirstOrDefault(life =>
            life.Lineage == state.Lineage && life.Epoch.CompareTo(state.Epoch) > 0 && IsPeopled(life));
        Require(higher == default, "I2", $"{process} was answered in {state.Epoch}, after {higher.Epoch} had begun");
    }

    private bool IsPeopled((Guid Lineage, Epoch Epoch) life) => world.Alive.Any(process =>
        process.Replica.State is { } state && (state.Lineage, state.Epoch) == life);

    private void OnDone(SimProcess process, Guid lineage, Operation operation)
    {
        var mine = _logs.Values.SelectMany(log => log)
            .Where(entry => entry.State.Lineage == lineage && entry.Command is TableChange change
                && change.Id?.By == process.Self.Nonce && Same(change.Change, operation.Change!)
                && entry.State.Index > operation.Floors.GetValueOrDefault((lineage, entry.State.Epoch))).ToList();
        Require(mine.Count > 0, "I2", $"{process} was told of a commit that is nowhere: {operation.Change}");
        var version = mine[^1].State.Table.Version;
        if (Expected(operation.Change!) is { } expected)
            Require(version == expected.Version + 1 || version == expected.Version + 1 + TableState.RescueRaise,
                "I2", $"{process} committed off its token");
        Raise(mine[^1].State, mine[^1].State.Index);
    }

    private void OnLost(SimProcess process, Operation operation)
    {
        var state = process.Replica.State!;
        var newest = Newest((state.Lineage, state.Epoch));
        Require(newest.Table.Check(operation.Change!, newest.Tag) == Verdict.Lost, "I2",
            $"{process} lost a compare-and-swap that could still win: {operation.Change}");
    }

    private void Append(List<(Command? Command, ClusterState State)> log, Command command, ClusterState state)
    {
        var before = log[^1].State;
        var risen = state.Table.Version - before.Table.Version;
        var changed = !state.Table.Rows.SequenceEqual(before.Table.Rows);
        Require(risen == (changed ? 1 : 0), "I2", $"version {before.Table.Version} to {state.Table.Version}");
        Require(!before.Table.Rows.Values.Any(row => row.State == SiloState.Dead
            && state.Table.Rows.TryGetValue(row.Silo, out var now) && now.State != SiloState.Dead),
            "I2", "a dead silo came back");
        if (command.Id is { } id) RequireOnce(state, id);
        log.Add((command, state));
    }

    // What the new epoch does not go on from never was: who asked for it may ask again.
    private void BeginEpoch(SimProcess process, ClusterState first)
    {
        var (before, adopted) = _rescues.Check(process, first, _logs, Digest);
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
        Require(committed.TryAdd(id, state.Index), "I2", $"{id} was committed twice");
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

    private static void Require(bool condition, string rule, string what)
    {
        if (!condition) throw new SimulationFailedException(rule, what);
    }
}
