using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Chooses commands, one slot at a time (protocol § 4). State kept: the operations asked of this voter, the attempt
/// under way, the round used. Invariants kept: at most one value per ballot; at round 0 one value per slot; what a
/// majority may already have accepted is proposed again before anything else (I1); nothing is run twice.
/// </summary>
internal sealed class Proposer(Local local, Acceptor acceptor, Peers peers)
{
    /// <summary>How long an operation asked by another silo is kept; its caller has given up by then.</summary>
    private const long KeepFor = 5_000;

    private ImmutableList<Operation> _queue = [];
    private Attempt? _attempt;
    private long _slot = -1;
    private long _roundSeen;
    private bool _roundZeroUsed;
    private long _pausedUntil;
    private int _failures;
    private MemberId? _passedOver;
    private long _finish = -1;
    private long _fetchAt;

    /// <summary>What the leader must do of its own accord before it serves others.</summary>
    public Func<Command?> Duty { get; set; } = () => null;

    /// <summary>Told who lost a compare-and-swap.</summary>
    public Action<MemberId> Lost { get; set; } = _ => { };

    public long NextDue => _attempt?.ResendAt ?? (HasWork ? Math.Max(_pausedUntil, local.Now + 20) : long.MaxValue);

    private bool HasWork => _passedOver is not null || !_queue.IsEmpty || _finish > (local.State?.Index ?? 0);

    /// <summary>Takes an operation in. A voter that is not the leader passes the leader over for it.</summary>
    public void Enqueue(long handle, MemberId from, Submit submit)
    {
        var state = local.State!;
        if (!local.IsVoter || (!local.IsLeader && submit.Index < state.Index))
        {
            Answer(new Operation(handle, from, submit, 0), Consensus.Answer.Elsewhere);
            return;
        }

        _queue = _queue.RemoveAll(known => known.Submit.Id == submit.Id)
            .Add(new Operation(handle, from, submit, local.Now + KeepFor));
        if (!local.IsLeader) TakeOver("request");
    }

    /// <summary>Passes the leader over: finish what is in flight, then lead.</summary>
    public void TakeOver(string cause)
    {
        if (_passedOver == local.State!.Leader) return;
        _passedOver = local.State.Leader;
        local.Trace("TakingOver", $"from {_passedOver} after {local.State.Index}", cause);
    }

    /// <summary>A read saw a value accepted in this slot: it must be decided before the read can stand.</summary>
    public void Finish(long slot) => _finish = slot;

    public void Pump()
    {
        if (local.State is null) return;
        TurnToNext();
        if (!local.MayTakePart)
        {
            // What was asked of others before is forgotten with it: a late answer of an old epoch decides nothing.
            _attempt = null;
            return;
        }

        AnswerWhatIsKnown();
        if (!local.IsVoter) (_attempt, _passedOver, _finish) = (null, null, -1);
        else if (_attempt is not null) ResendIfDue();
        else if (local.Now >= _pausedUntil && NextCommand() is { } command) Begin(command);
    }

    public void On(MemberId from, Promise promise)
    {
        if (_attempt is not { Chosen: null } attempt || !attempt.Is(promise.Slot, promise.Ballot)) return;
        if (!local.State!.IsVoter(from.Nonce)) return;
        attempt = attempt with { Promises = attempt.Promises.SetItem(from.Nonce, promise.Accepted) };
        _attempt = attempt;
        if (attempt.Promises.Count < local.State.Majority) return;
        var accepted = attempt.Promises.Values.OfType<Proposal>().MaxBy(proposal => proposal.Ballot);
        if (accepted is not null) local.Trace("FinishedInFlight", $"slot {attempt.Slot} at {attempt.Ballot}");
        Send(attempt with { Chosen = accepted?.Command ?? attempt.Own });
    }

    public void On(MemberId from, Accepted accepted)
    {
        if (_attempt is not { Chosen: { } chosen } attempt || !attempt.Is(accepted.Slot, accepted.Ballot)) return;
        if (!local.State!.IsVoter(from.Nonce)) return;
        attempt = attempt with { Accepted = attempt.Accepted.Add(from.Nonce) };
        _attempt = attempt;
        if (attempt.Accepted.Count < local.State.Majority) return;
        local.Apply(chosen);
        Announce(new News(attempt.Slot, Sequence.Of(chosen), null));
        TurnToNext();
    }

    public void On(Refused refused)
    {
        if (_attempt is not { } attempt || !attempt.Is(refused.Slot, refused.Ballot)) return;
        _roundSeen = Math.Max(_roundSeen, refused.Promised.Round);
        _attempt = null;
        _failures = Math.Min(_failures + 1, 8);
        _pausedUntil = local.Now + 20 + local.Random(60 * _failures);
    }

    public void On(MemberId from, Behind behind)
    {
        if (_attempt is { } attempt && attempt.Slot == behind.Slot)
            local.Ask(from, new Decided(local.NewsAfter(behind.Index)));
    }

    /// <summary>A voter has caught up: ask it again for what it could not answer.</summary>
    public void OnApplied(MemberId from, long index)
    {
        if (_attempt is not { } attempt || attempt.Slot != index + 1) return;
        if (!local.State!.IsVoter(from.Nonce) || attempt.HasAnswer(from.Nonce)) return;
        local.Ask(from, attempt.Request);
    }

    private void TurnToNext()
    {
        var next = local.State!.Index + 1;
        if (_slot == next) return;
        (_slot, _roundSeen, _roundZeroUsed, _attempt, _failures, _pausedUntil) = (next, 0, false, null, 0, 0);
        if (_passedOver is not null && _passedOver != local.State.Leader) _passedOver = null;
    }

    private Command? NextCommand()
    {
        if (local.IsLeader) return Duty() ?? NextFromQueue() ?? Finishing();
        if (_passedOver is null) return Finishing();
        var others = local.State!.Voters.Where(voter => voter != local.Self);
        return new SetVoters(others.Prepend(local.Self).ToSequence());
    }

    private NoOp? Finishing() => _finish == _slot ? new NoOp() : null;

    private void Begin(Command command)
    {
        var roundZero = local.IsLeader && !_roundZeroUsed && _roundSeen == 0 && acceptor.Promised == Ballot.None;
        var round = roundZero ? 0 : Math.Max(_roundSeen, Math.Max(0, acceptor.Promised.Round)) + 1;
        _roundSeen = round;
        _roundZeroUsed |= roundZero;
        var attempt = Attempt.New(_slot, new Ballot(round, local.Self.Nonce), command);
        Send(roundZero ? attempt with { Chosen = command } : attempt);
    }

    private void Send(Attempt attempt)
    {
        _attempt = attempt with { ResendAt = local.Now + local.Settings.Resend };
        foreach (var voter in local.State!.Voters) local.Ask(voter, attempt.Request);
    }

    // Either phase may be repeated as it is: an acceptor answers the same ballot again.
    private void ResendIfDue()
    {
        if (_attempt is not { } attempt || local.Now < attempt.ResendAt) return;
        _attempt = attempt with { ResendAt = local.Now + local.Settings.Resend + local.Random(100) };
        foreach (var voter in local.State!.Voters)
        {
            if (!attempt.HasAnswer(voter.Nonce)) local.Ask(voter, attempt.Request);
        }
    }

    private void Announce(News news)
    {
        foreach (var member in peers.Members())
        {
            if (member != local.Self) local.Ask(member, new Decided(news));
        }
    }

    // The leader judges its queue against the newest state; the first operation that may commit goes into the slot.
    private Command? NextFromQueue()
    {
        foreach (var operation in _queue)
        {
            var change = operation.Submit.Change is Cleanup cleanup
                ? local.State!.Table.Resolve(cleanup, local.BeatOf)
                : operation.Submit.Change;
            switch (local.State!.Table.Check(change, local.State.Tag))
            {
                case Verdict.Lost:
                    Answer(operation, Consensus.Answer.Lost);
                    Lost(operation.From);
                    break;
                case Verdict.CallerIsAhead:
                    CatchUp();
                    break;
                default:
                    // Even what changes nothing takes a slot: only a majority can vouch that nothing was to be done.
                    return new TableChange(operation.Submit.Id, change);
            }
        }

        return null;
    }

    private void AnswerWhatIsKnown()
    {
        if (_queue.IsEmpty) return;
        var recent = local.State!.Recent;
        foreach (var operation in _queue)
        {
            if (recent.Holds(operation.Submit.Id)) Answer(operation, Consensus.Answer.Done);
            else if (recent.MayHaveForgotten(operation.Submit.Id)) Answer(operation, Consensus.Answer.Unknown);
            else if (local.Now >= operation.Deadline) _queue = _queue.Remove(operation);
            else if (!local.IsVoter || (!local.IsLeader && _passedOver is null))
                Answer(operation, Consensus.Answer.Elsewhere);
        }
    }

    private void Answer(Operation operation, Answer answer)
    {
        _queue = _queue.Remove(operation);
        var news = local.NewsAfter(operation.Submit.Index);
        local.Reply(operation.Handle, operation.From, new Submitted(operation.Submit.Id, answer, news));
    }

    private void CatchUp()
    {
        if (local.Now < _fetchAt) return;
        _fetchAt = local.Now + local.Settings.Resend;
        foreach (var voter in local.State!.Voters)
        {
            if (voter != local.Self) local.Ask(voter, new Fetch(local.State.Index));
        }
    }

    private sealed record Operation(long Handle, MemberId From, Submit Submit, long Deadline);

    private sealed record Attempt(
        long Slot,
        Ballot Ballot,
        Command Own,
        Command? Chosen,
        ImmutableSortedDictionary<Nonce, Proposal?> Promises,
        ImmutableSortedSet<Nonce> Accepted,
        long ResendAt)
    {
        public Message Request => Chosen is null ? new Prepare(Slot, Ballot) : new Accept(Slot, Ballot, Chosen);

        public static Attempt New(long slot, Ballot ballot, Command own) =>
            new(slot, ballot, own, null, ImmutableSortedDictionary<Nonce, Proposal?>.Empty, [], 0);

        public bool Is(long slot, Ballot ballot) => Slot == slot && Ballot == ballot;

        public bool HasAnswer(Nonce voter) =>
            Chosen is null ? Promises.ContainsKey(voter) : Accepted.Contains(voter);
    }
}
