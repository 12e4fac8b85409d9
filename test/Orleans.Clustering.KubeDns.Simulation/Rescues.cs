using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What was seen of one attempt to rescue: who was asked, and what they told.</summary>
internal sealed class RescueSeen
{
    public HashSet<Nonce> Witnesses { get; } = [];

    public Dictionary<Nonce, RescuePromise> Promises { get; } = [];

    public HashSet<Nonce> Accepted { get; } = [];

    public bool IsJudged { get; set; }

    public long StoodAt { get; set; } = -1;
}

/// <summary>
/// Holds the first state of every rescued epoch against what its witnesses told (I6): it must be a state that was
/// decided before, no older than what any of them knew, with the value in flight, and nothing else but what a rescue
/// changes. All of them promised and accepted, and nobody that Kubernetes holds for ready was left out.
/// </summary>
internal sealed class Rescues(World world, Lives lives)
{
    private const long MetWithin = 5_000;

    private readonly RescueEvidence _evidence = new(world, lives);
    private readonly Dictionary<Epoch, RescueSeen> _seen = [];
    private readonly Dictionary<(Guid, Epoch, long), List<Proposal>> _proposed = [];
    private readonly Dictionary<Nonce, Epoch> _promised = [];
    private readonly Dictionary<Nonce, ClusterState> _known = [];
    private readonly Dictionary<Nonce, (Epoch Epoch, long At)> _enteredAt = [];

    /// <summary>
    /// The voters of its epoch are lost for RescueAfter at least, so it has been in it for as long; and it gives way to
    /// a working cluster that it meets, rather than to become a second one.
    /// </summary>
    public void OnBegun(SimProcess process)
    {
        var working = process.Replica.Contacts.Values.FirstOrDefault(contact =>
            contact is { HasLineage: true, IsForeign: false, Standing.IsQuorate: true }
            && contact.Lineage != process.Replica.State!.Lineage
            && contact.AnsweredWithin(MetWithin, process.LocalTime(world.Now)));
        Checkers.Require(working is null, "I7",
            $"{process} begins a rescue beside {working?.Member}, whose lineage {working?.Lineage} has a majority");
        var (epoch, at) = _enteredAt[process.Self.Nonce];
        var since = process.LocalTime(world.Now) - at;
        Checkers.Require(since >= world.Plan.Settings().RescueAfter, "I6",
            $"{process} rescues again after {since} ms in {epoch}");
    }

    public void OnSent(SimProcess process, Envelope envelope)
    {
        RequirePromiseKept(process, envelope);
        switch (envelope.Body)
        {
            case RescuePrepare prepare:
                Seen(prepare.Epoch).Witnesses.UnionWith(prepare.Witnesses);
                break;
            case RescuePromise promise:
                if (!Seen(promise.Epoch).Promises.ContainsKey(process.Self.Nonce))
                    _evidence.RequireNobodyReached(process, promise.Epoch, Seen(promise.Epoch).Witnesses);
                Seen(promise.Epoch).Promises[process.Self.Nonce] = promise;
                _promised[process.Self.Nonce] = promise.Epoch;
                break;
            case RescueAccept accept:
                RequireJudged(process, accept.State);
                _promised[process.Self.Nonce] = accept.Epoch;
                break;
            case RescueAccepted accepted: Seen(accepted.Epoch).Accepted.Add(process.Self.Nonce); break;
            case Accept accept:
                var slot = (envelope.Lineage, envelope.Epoch, accept.Slot);
                if (!_proposed.TryGetValue(slot, out var proposals)) _proposed[slot] = proposals = [];
                proposals.Add(new Proposal(accept.Ballot, accept.Command));
                break;
        }
    }

    public void OnCommitted(SimProcess process, ClusterState state)
    {
        if (_promised.TryGetValue(process.Self.Nonce, out var promised))
        {
            Checkers.Require(state.Epoch.CompareTo(promised) >= 0, "I6",
                $"{process} promised {promised} and takes in {state.Epoch} {state.Index}");
        }

        if (!_enteredAt.TryGetValue(process.Self.Nonce, out var entered) || entered.Epoch != state.Epoch)
            _enteredAt[process.Self.Nonce] = (state.Epoch, process.LocalTime(world.Now));
        if (state.Epoch.Number > 1 && Seen(state.Epoch) is { StoodAt: < 0 } seen) OnStands(process, state, seen);
        _known[process.Self.Nonce] = state;
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
        foreach (var (who, state) in Told(first.Epoch))
        {
            if ((state.Epoch, state.Index).CompareTo((before.Epoch, before.Index)) > 0)
                throw Broken($"{first.Epoch} begins from {before.Index}, though {who} knew {state.Index}");
        }

        RequireTold(first, adopted is null ? before : before.Apply(adopted));
        return (before, adopted);
    }

    /// <summary>
    /// Somebody decides, or is answered, in an epoch below one that stands: only those may who were a majority by
    /// themselves when they were given up, and who could not hear of it since they came to (§ 10).
    /// </summary>
    public void RequireUnaware(SimProcess process, ClusterState state, Epoch higher)
    {
        var seen = Seen(higher);
        var members = world.Alive.Where(other => other.Replica.State is { } theirs
            && theirs.Lineage == state.Lineage && theirs.Epoch.CompareTo(higher) >= 0).ToList();
        if (members.Count == 0) return;
        Checkers.Require(state.Voters.Count(voter => !seen.Witnesses.Contains(voter.Nonce)) >= state.Majority, "I2",
            $"{process} goes on in {state.Epoch}, though {higher} stands");
        world.Say(process, "Unaware", $"in {state.Epoch}, though {higher} stands");
        var isFenced = process.SleptFor >= world.Plan.StallFence + (2 * StallFence.StepEvery);
        if (process.WokeAt < seen.StoodAt || !isFenced) return;
        var heard = members.Find(other => Knows(state, other) && CouldHear(process, other));
        Checkers.Require(heard is null, "I2",
            $"{process} woke at {process.WokeAt} and goes on in {state.Epoch} before it asked {heard}");
    }

    private RescueSeen Seen(Epoch epoch)
    {
        if (_seen.TryGetValue(epoch, out var seen)) return seen;
        return _seen[epoch] = new RescueSeen { Witnesses = { epoch.By } };
    }

    // Only its rescuer knows at first that an epoch stands: once all have promised, and then accepted.
    private void OnStands(SimProcess process, ClusterState first, RescueSeen seen)
    {
        seen.StoodAt = world.Now;
        RequireJudged(process, first);
        Checkers.Require(process.Self.Nonce == first.Epoch.By, "I6", $"{process} begins {first.Epoch}, of another");
        var missing = seen.Witnesses.FirstOrDefault(witness => witness != first.Epoch.By
            && !(seen.Promises.ContainsKey(witness) && seen.Accepted.Contains(witness)));
        Checkers.Require(missing == default, "I6", $"{first.Epoch} stands, without promise and vote of {missing}");
        var isOutside = first.Voters.FirstOrDefault(voter => !seen.Witnesses.Contains(voter.Nonce));
        Checkers.Require(isOutside is null, "I6", $"{isOutside} votes in {first.Epoch}, and was no witness");
        foreach (var other in world.Alive)
        {
            if (other.Replica.State?.Lineage == first.Lineage && !seen.Witnesses.Contains(other.Self.Nonce))
                OnLeftOut(other, first);
        }
    }

    // Once, when the rescuer promises: in the step that asks the others to accept, or, if there are none, that begins.
    private void RequireJudged(SimProcess rescuer, ClusterState first)
    {
        var seen = Seen(first.Epoch);
        if (seen.IsJudged) return;
        seen.IsJudged = true;
        var own = _known[rescuer.Self.Nonce];
        var highest = seen.Promises.Values.Select(promise => promise.State).Append(own)
            .MaxBy(state => (state.Epoch, state.Index))!;
        var before = _seen.Where(each => each.Key.By == rescuer.Self.Nonce && each.Key != first.Epoch)
            .SelectMany(each => each.Value.Promises.Values)
            .Select(each => each.Accepted is { } value ? each.State.Apply(value.Command) : each.State).ToList();
        _evidence.RequireJudged(rescuer, first, own, highest, seen.Witnesses, before);
    }

    // Who joined a moment ago and knows no more than they do is not missed. Anybody else must have been given up.
    private void OnLeftOut(SimProcess other, ClusterState first)
    {
        var state = other.Replica.State!;
        var isNew = (state.Epoch, state.Index).CompareTo((first.Epoch, first.Index - 1)) < 0
            && state.Epoch.CompareTo(first.Epoch) < 0 && state.Index < first.Index
            && first.Table.RowOf(other.Self) is null;
        Checkers.Require(isNew || lives.MayBeGivenUp(other), "I6",
            $"{first.Epoch} stands without {other}, which is at {state.Epoch} {state.Index} and was ready");
    }

    // Its rows: whoever took part is as it was, whoever did not is Dead.
    private void RequireTold(ClusterState first, ClusterState last)
    {
        var witnesses = Seen(first.Epoch).Witnesses;
        foreach (var row in first.Table.Rows.Values)
        {
            if (row.State == SiloState.Dead || row.Owner is not { } owner) continue;
            Checkers.Require(witnesses.Contains(owner.Nonce), "I6", $"{owner} took no part and is not Dead");
        }

        foreach (var row in last.Table.Rows.Values)
        {
            if (row.State == SiloState.Dead || row.Owner is not { } owner || !witnesses.Contains(owner.Nonce)) continue;
            var isDead = first.Table.Rows.GetValueOrDefault(row.Silo) is { State: SiloState.Dead };
            Checkers.Require(!isDead, "I6", $"{owner} took part and is Dead");
        }
    }

    private IEnumerable<(string Who, ClusterState State)> Told(Epoch epoch)
    {
        foreach (var (nonce, promise) in Seen(epoch).Promises) yield return (nonce.ToString(), promise.State);
        if (_known.TryGetValue(epoch.By, out var own) && own.Epoch != epoch) yield return ("its rescuer", own);
    }

    // As the rescue makes it, with the value of the highest ballot that a witness had accepted, the rescuer's own
    // included, which nobody sees; without one only if no witness had any.
    private (Command? Command, bool)? Continues(
        ClusterState before, ClusterState first, Func<ClusterState, string> digest)
    {
        var told = Seen(first.Epoch).Promises.Values
            .Where(promise => (promise.State.Epoch, promise.State.Index) == (before.Epoch, before.Index))
            .Select(promise => promise.Accepted).OfType<Proposal>().MaxBy(proposal => proposal.Ballot);
        var proposals = _proposed.GetValueOrDefault((before.Lineage, before.Epoch, before.Index + 1)) ?? [];
        var values = proposals.Where(each => told is null || each.Ballot >= told.Ballot)
            .Select(each => (Command?)each.Command);
        var wanted = digest(first);
        foreach (var value in told is null ? values.Prepend(null) : values)
        {
            var last = value is null ? before : before.Apply(value);
            var ended = last.Table.Rows.Values.Where(row => row is { Owner: not null, State: not SiloState.Dead })
                .Where(row => first.Table.Rows.GetValueOrDefault(row.Silo) is { State: SiloState.Dead })
                .Select(row => row.Owner!);
            if (digest(before.Rescue(first.Epoch, value, ended, first.Voters)) == wanted) return (value, true);
        }

        return null;
    }

    // From a promise on nothing of a lower epoch is served, for good.
    private void RequirePromiseKept(SimProcess process, Envelope envelope)
    {
        if (!_promised.TryGetValue(process.Self.Nonce, out var promised)) return;
        if (envelope.Epoch.CompareTo(promised) >= 0 || !IsOfEpoch(envelope.Body)) return;
        throw Broken($"{process} promised {promised} and says {envelope.Body.GetType().Name} in {envelope.Epoch}");
    }

    private static bool IsOfEpoch(Message body) => body is Promise or Accepted or Mark or Prepare or Accept or Decided
        or Fetched or Submitted { Answer: Answer.Done or Answer.Lost } or ReadDone { Answer: Answer.Done };

    private static bool Knows(ClusterState state, SimProcess other) =>
        state.Voters.Contains(other.Self) || state.Table.RowOf(other.Self) is not null;

    // Awake, in reach and undisturbed all the time since this one woke.
    private bool CouldHear(SimProcess process, SimProcess other) =>
        other.PausedUntil < process.WokeAt && other.WokeAt < process.WokeAt && other.StartedAt < process.WokeAt
        && world.Network.WasClean(process.Pod.Address, other.Pod.Address, process.WokeAt);

    private static SimulationFailedException Broken(string what) => new("I6", what);
}
