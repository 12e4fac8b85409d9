using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// This silo's own operations, from the call to its answer. State kept: the calls under way and whom each asked last.
/// Invariants kept: what a reply tells is installed before it is reported; each call ends by its deadline; an outcome
/// is told only if a voter told it (I2).
/// </summary>
internal sealed class Requests(Local local)
{
    /// <summary>How long a heartbeat waits for the last voters once a majority has it.</summary>
    private const long WaitForLastVoters = 500;

    private ImmutableSortedDictionary<long, Call> _calls = ImmutableSortedDictionary<long, Call>.Empty;
    private long _numbers;

    public long NextDue => _calls.IsEmpty ? long.MaxValue
        : _calls.Values.Min(call => local.State is null ? call.Deadline : Math.Min(call.Deadline, call.AskAgainAt));

    /// <summary>How often voters have been asked for a call that is still under way.</summary>
    public int AttemptsOf(long ticket) => _calls.Values.FirstOrDefault(call => call.Ticket == ticket)?.Attempts ?? 0;

    public void Add(Input input)
    {
        var id = new RequestId(local.Self.Nonce, ++_numbers);
        var call = input switch
        {
            AskWrite write => new Call(write.Ticket, id, write.Deadline) { Change = write.Change },
            AskRead read => new Call(read.Ticket, id, read.Deadline) { MayWrite = read.MayWrite },
            AskBeat beat => new Call(beat.Ticket, id, beat.Deadline) { Beat = beat.Beat },
            _ => throw new ArgumentOutOfRangeException(nameof(input)),
        };
        _calls = _calls.Add(id.Number, call);
    }

    public void Pump()
    {
        foreach (var (_, call) in _calls)
        {
            if (local.Now >= call.Deadline) End(call, null);
            else if (local.State is not null && local.Now >= call.AskAgainAt) Ask(call);
        }
    }

    public void On(MemberId from, Submitted submitted)
    {
        local.Install(submitted.News);
        if (Find(submitted.Id) is not { Change: not null } call) return;
        if (submitted.Answer == Answer.Elsewhere) TurnToNext(call, from);
        else if (submitted.Answer == Answer.Done && !local.State!.Recent.Holds(call.Id)) TurnToNext(call, from);
        else End(call, submitted.Answer);
    }

    public void On(MemberId from, ReadDone done)
    {
        local.Install(done.News);
        if (Find(done.Id) is not { Change: null, Beat: null } call) return;
        local.Keep(done.Beats);
        if (done.Answer == Answer.Elsewhere) TurnToNext(call, from);
        else if (local.State!.Index < done.Index) TurnToNext(call, from);
        else EndRead(call);
    }

    public void On(MemberId from, HeartbeatKept kept)
    {
        if (Find(kept.Id) is not { Beat: not null } call) return;
        call = call with { Kept = call.Kept.Add(from.Nonce) };
        _calls = _calls.SetItem(call.Id.Number, call);
        EndBeatIfKept(call);
    }

    /// <summary>Nothing came back from there: whoever asked that voter turns to the next one at once.</summary>
    public void OnUndelivered(Nonce to)
    {
        foreach (var (_, call) in _calls)
        {
            if (call.Beat is null && call.Asked?.Nonce == to) TurnToNext(call, call.Asked);
        }
    }

    private Call? Find(RequestId id) =>
        id.By == local.Self.Nonce && _calls.TryGetValue(id.Number, out var call) ? call : null;

    private void Ask(Call call)
    {
        if (call.Beat is { } beat)
        {
            AskAll(call, beat);
            return;
        }

        if (Next(call) is not { } voter)
        {
            call = call with { Tries = [] };
            voter = Next(call)!;
        }

        var patience = local.Settings.TakeoverAfter + local.Random(local.Settings.TakeoverJitter)
            + (WaitsForTurn(call) ? Turns.HeldAtMost : 0);
        call = call with
        {
            Asked = voter,
            AskAgainAt = local.Now + patience,
            Tries = call.Tries.Add(voter.Nonce),
            Attempts = call.Attempts + 1,
        };
        _calls = _calls.SetItem(call.Id.Number, call);
        var index = local.State!.Index;
        local.Ask(voter, call.Change is { } change
            ? new Submit(call.Id, change, index) : new Read(call.Id, index, WaitsForTurn(call)));
    }

    // Who starts or leaves reads in order to write its row, and so do others that do the same at the same time.
    private bool WaitsForTurn(Call call)
    {
        if (!call.MayWrite || !local.Settings.OrdersReads) return false;
        var status = local.State!.Table.RowOf(local.Self)?.State;
        return status == SiloState.Active ? local.Leaving : status != SiloState.Dead;
    }

    // Writes go to the leader first, then down the list; a voter reads by itself, unless the leader is to order its
    // reads. Once all were tried, begin anew.
    private MemberId? Next(Call call)
    {
        var voters = local.State!.Voters;
        var order = call.Change is null && local.IsVoter && !WaitsForTurn(call)
            ? voters.OrderBy(voter => voter != local.Self)
            : voters.AsEnumerable();
        return order.FirstOrDefault(voter => !call.Tries.Contains(voter.Nonce));
    }

    private void AskAll(Call call, Beat beat)
    {
        var askedAt = call.FirstAskedAt < 0 ? local.Now : call.FirstAskedAt;
        call = call with
        {
            FirstAskedAt = askedAt, AskAgainAt = local.Now + local.Settings.Resend, Attempts = call.Attempts + 1,
        };
        _calls = _calls.SetItem(call.Id.Number, call);
        foreach (var voter in local.State!.Voters)
        {
            if (!call.Kept.Contains(voter.Nonce)) local.Ask(voter, new Heartbeat(call.Id, beat));
        }

        EndBeatIfKept(call);
    }

    // All voters, so that whichever is asked next knows; but one that is down must not fail every heartbeat.
    private void EndBeatIfKept(Call call)
    {
        var kept = local.State!.Voters.Count(voter => call.Kept.Contains(voter.Nonce));
        var patient = local.Now < call.FirstAskedAt + WaitForLastVoters;
        if (kept == local.State.Voters.Count || (!patient && kept >= local.State.Majority)) End(call, Answer.Done);
    }

    private void TurnToNext(Call call, MemberId asked)
    {
        if (call.Asked != asked) return;
        var pause = call.Tries.Count < (local.State?.Voters.Count ?? 0) ? 0 : 50 + local.Random(100);
        _calls = _calls.SetItem(call.Id.Number, call with { Asked = null, AskAgainAt = local.Now + pause });
    }

    private void End(Call call, Answer? answer)
    {
        _calls = _calls.Remove(call.Id.Number);
        local.Emit(new Answered(call.Ticket, answer) { Attempts = call.Attempts });
    }

    private void EndRead(Call call)
    {
        _calls = _calls.Remove(call.Id.Number);
        local.Emit(new ReadAnswered(call.Ticket, local.State!) { Attempts = call.Attempts });
    }

    private sealed record Call(long Ticket, RequestId Id, long Deadline)
    {
        public TableCommand? Change { get; init; }

        public Beat? Beat { get; init; }

        public bool MayWrite { get; init; }

        public MemberId? Asked { get; init; }

        /// <summary>How often it was asked for, for people.</summary>
        public int Attempts { get; init; }

        public long AskAgainAt { get; init; } = -1;

        public long FirstAskedAt { get; init; } = -1;

        public ImmutableSortedSet<Nonce> Tries { get; init; } = [];

        public ImmutableSortedSet<Nonce> Kept { get; init; } = [];
    }
}
