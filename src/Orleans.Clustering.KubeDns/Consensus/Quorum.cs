using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Whether a majority of the voters is there (protocol § 7). State kept: since when it is not. Invariants kept: a
/// member claims a working majority only if it sees one itself; it calls one lost only if each of the missing voters
/// has ended, has left this epoch or lineage, or is unreachable.
/// </summary>
internal sealed class Quorum(Local local, Peers peers, Endings endings)
{
    private const long DoubtAfter = 2_500;
    private const long AskedFor = 15_000;
    private const long LookEvery = 200;
    private const long LookAtLeisure = 1_000;

    private long _lookAt;
    private long _doubtUntil = -1;
    private Epoch _epoch;

    /// <summary>Since when the majority is lost; −1: it is not, as far as is known.</summary>
    public long LostSince { get; private set; } = -1;

    public long NextDue => _lookAt;

    /// <summary>Told when a lost majority is back in the same epoch: others may have gone on without it.</summary>
    public Action Returned { get; set; } = () => { };

    /// <summary>Whether this member itself sees a majority that works in this epoch.</summary>
    public bool HasMajority =>
        local.State is { } state && local.MayTakePart && state.Voters.Count(IsWorking) >= state.Majority;

    public Standing Standing => new(
        HasMajority, local.Promised, local.State?.FormedAt ?? 0, local.Settings.FailureDomain)
    {
        Yields = local.Ending == EndReason.Yields || local.State is { } state && state.YieldsTo != Guid.Empty,
    };

    /// <summary>The voters that do not answer, for people.</summary>
    public IEnumerable<MemberId> Missing => (local.State?.Voters ?? default).Where(voter => !IsWorking(voter));

    /// <summary>Somebody says that the majority is lost: see for ourselves.</summary>
    public void Doubt()
    {
        _doubtUntil = local.Now + AskedFor;
        if (!local.InDoubt) _lookAt = local.Now;
    }

    /// <summary>A voter that sees no majority lets those doubt who follow it.</summary>
    public void OnMet(Envelope envelope, Standing standing)
    {
        if (local.State is not { } state || local.IsVoter || standing.IsQuorate) return;
        if (envelope.Epoch == state.Epoch && state.IsVoter(envelope.From.Nonce)) Doubt();
    }

    public void OnStalled()
    {
        LostSince = -1;
        Doubt();
    }

    public void Pump()
    {
        if (local.State is not { } state) return;
        if (_epoch != state.Epoch) Enter(state.Epoch);
        if (local.Now < _lookAt && LostSince < 0) return;
        local.InDoubt = IsInDoubt(state);
        _lookAt = local.Now + (local.InDoubt ? LookEvery : LookAtLeisure);
        var lost = local.InDoubt ? state.Voters.Count(IsLost) : 0;
        if (state.Voters.Count - lost >= state.Majority)
        {
            if (LostSince >= 0) Returned();
            Regain();
        }
        else if (LostSince < 0) Lose();
        local.IsLost = LostSince >= 0;
    }

    // It has other voters: what was lost was the former epoch's. A rescuer that took it for theirs began anew at once,
    // and who was asked for the next epoch before it was told of this one could follow neither.
    private void Enter(Epoch epoch)
    {
        _epoch = epoch;
        _lookAt = local.Now;
        Regain();
    }

    private void Lose()
    {
        LostSince = local.Now;
        local.Trace("NoQuorum", $"of {local.State!.Voters}, {string.Join(' ', Missing)} do not answer");
    }

    private void Regain()
    {
        if (LostSince >= 0) local.Trace("QuorumBack", $"after {local.Now - LostSince} ms");
        LostSince = -1;
    }

    // A learner that hears from a leader which has its majority need not look for the others.
    private bool IsInDoubt(ClusterState state)
    {
        if (local.IsBarred || local.IsFenced || LostSince >= 0) return true;
        if (local.IsVoter) return state.Voters.Count(voter => IsWorking(voter) && IsFresh(voter)) < state.Majority;
        return (local.Now < _doubtUntil || peers.Cadence.LeaderIsQuiet(state)) && !HasMajority;
    }

    private bool IsFresh(MemberId voter) =>
        voter == local.Self || peers.Of(voter)?.AnsweredWithin(DoubtAfter, local.Now) == true;

    private bool IsWorking(MemberId voter)
    {
        if (voter == local.Self) return local.MayTakePart;
        return peers.Of(voter) is { } contact && !endings.IsEnded(voter)
            && contact.AnsweredWithin(Math.Max(5_000, peers.FreshFor), local.Now)
            && contact.Lineage == local.State!.Lineage && contact.Epoch == local.State.Epoch
            && !contact.IsBarredFrom(local.State.Epoch);
    }

    private bool IsLost(MemberId voter)
    {
        if (voter == local.Self) return local.IsBarred;
        return endings.IsEnded(voter) || peers.IsSuperseded(voter) || peers.IsUnreachable(voter)
            || (peers.Of(voter) is { } contact && HasLeft(contact));
    }

    // For a later epoch, or for another lineage: a witness that accepted a founding may join one that it meets before
    // it is told of its own (seed 3003621).
    private bool HasLeft(Contact voter) =>
        voter.IsBarredFrom(local.State!.Epoch)
        || (voter.HasLineage && voter.Lineage != local.State.Lineage);
}
