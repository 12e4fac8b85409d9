using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Serves linearizable reads at a voter (protocol § 4). State kept: reads that wait, and the one round under way.
/// Invariants kept: a read stands only on a round that began after it did, confirmed by a majority of the voters of
/// the state it returns (I2); a value seen accepted is finished first.
/// </summary>
internal sealed class Reader(Local local, Acceptor acceptor, Proposer proposer)
{
    /// <summary>How long a value in flight is left to its proposer before a read finishes it itself.</summary>
    private const long LeaveToProposer = 150;

    /// <summary>How long a read asked by another silo is kept; its caller has given up by then.</summary>
    private const long KeepFor = 3_000;

    private readonly Turns _turns = new(local);
    private ImmutableList<WaitingRead> _waiting = [];
    private Round? _round;
    private long _rounds;

    public long NextDue =>
        Math.Min(_turns.NextDue, _round?.DueAt ?? (_waiting.IsEmpty ? long.MaxValue : local.Now));

    public void Enqueue(long handle, MemberId from, Read read)
    {
        if (!local.IsVoter)
        {
            Answer(new WaitingRead(handle, from, read, 0), Consensus.Answer.Elsewhere);
            return;
        }

        var waiting = new WaitingRead(handle, from, read, local.Now + KeepFor);
        _waiting = _waiting.RemoveAll(known => known.Read.Id == read.Id);
        if (!_turns.Hold(waiting)) _waiting = _waiting.Add(waiting);
    }

    public void OnCommitted(Committed committed) => _turns.OnCommitted(committed);

    public void OnLost(MemberId writer) => _turns.OnLost(writer);

    public Mark On(Probe probe) => new(probe.Round, local.State!.Index, acceptor.HasAccepted);

    public void On(MemberId from, Mark mark)
    {
        if (_round is not { Target: null } round || mark.Round != round.Number) return;
        if (!round.Asked.Contains(from)) return;
        round = round with { Marks = round.Marks.SetItem(from, mark) };
        _round = round;
        if (round.Marks.Count < (round.Asked.Count / 2) + 1) return;
        var highest = round.Marks.Values.Max(each => each.Index);
        var inFlight = round.Marks.Values.Any(each => each.Index == highest && each.HasAccepted);
        var knows = round.Marks.Where(each => each.Value.Index == highest).Select(each => each.Key).First();
        _round = round with
        {
            Target = highest + (inFlight ? 1 : 0),
            Decided = highest,
            DueAt = local.Now + LeaveToProposer,
        };
        if (local.State!.Index < highest) local.Ask(knows, new Fetch(local.State.Index));
    }

    public void Pump()
    {
        if (local.State is null) return;
        _waiting = _waiting.AddRange(_turns.Released());
        Expire();
        if (!local.MayTakePart)
        {
            if (_round is { } broken) Repeat(broken);
            return;
        }

        if (!local.IsVoter) SendAway();
        else if (_round is { } round) Advance(round);
        if (_round is null && !_waiting.IsEmpty) Begin();
    }

    private void Begin()
    {
        _rounds++;
        _round = new Round(
            _rounds, local.State!.Voters, local.State.VotersAt, _waiting,
            ImmutableSortedDictionary<MemberId, Mark>.Empty, null, 0, local.Now + local.Settings.Resend);
        _waiting = [];
        foreach (var voter in _round.Asked) local.Ask(voter, new Probe(_rounds));
    }

    private void Advance(Round round)
    {
        var state = local.State!;
        if (state.VotersAt != round.VotersAt) Repeat(round);
        else if (round.Target <= state.Index) Complete(round);
        else if (local.Now >= round.DueAt) Press(round);
    }

    // Asks again, or finishes what its proposer left in flight.
    private void Press(Round round)
    {
        _round = round with { DueAt = local.Now + local.Settings.Resend };
        if (round.Target is null)
        {
            foreach (var voter in round.Asked)
            {
                if (!round.Marks.ContainsKey(voter)) local.Ask(voter, new Probe(round.Number));
            }
        }
        else if (local.State!.Index < round.Decided)
        {
            foreach (var voter in round.Asked)
            {
                if (voter != local.Self) local.Ask(voter, new Fetch(local.State.Index));
            }
        }
        else
        {
            proposer.Finish(round.Target.Value);
        }
    }

    private void Repeat(Round round)
    {
        local.Trace("ReadRepeated", $"voters changed at {local.State!.VotersAt}");
        _waiting = round.Reads.AddRange(_waiting);
        _round = null;
    }

    private void Complete(Round round)
    {
        _round = null;
        foreach (var read in round.Reads) Answer(read, Consensus.Answer.Done);
    }

    private void SendAway()
    {
        var reads = (_round?.Reads ?? []).AddRange(_waiting);
        (_round, _waiting) = (null, []);
        foreach (var read in reads) Answer(read, Consensus.Answer.Elsewhere);
    }

    private void Expire()
    {
        _waiting = _waiting.RemoveAll(read => local.Now >= read.Deadline);
        if (_round is not { } round) return;
        var left = round.Reads.RemoveAll(read => local.Now >= read.Deadline);
        _round = left.IsEmpty ? null : round with { Reads = left };
    }

    private void Answer(WaitingRead waiting, Answer answer)
    {
        var read = waiting.Read;
        var news = local.NewsAfter(read.Index);
        local.Reply(waiting.Handle, waiting.From,
            new ReadDone(read.Id, answer, local.State!.Index, news, local.AllBeats()));
    }

    // Target: the index that must be applied before the reads stand; Decided: up to where somebody can hand it on.
    private sealed record Round(
        long Number,
        Sequence<MemberId> Asked,
        long VotersAt,
        ImmutableList<WaitingRead> Reads,
        ImmutableSortedDictionary<MemberId, Mark> Marks,
        long? Target,
        long Decided,
        long DueAt);
}
