using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Votes on the slot after the last one applied (protocol § 4). State kept: for that slot alone, the highest ballot
/// promised and the value accepted. Invariants kept: a promise is never broken; no slot is voted on before the slot
/// below it is applied, nor after it is decided; round 0 is the leader's alone (I1).
/// </summary>
internal sealed class Acceptor(Local local)
{
    private long _slot = -1;
    private Ballot _promised = Ballot.None;
    private Proposal? _accepted;

    /// <summary>What was promised in the next slot.</summary>
    public Ballot Promised
    {
        get
        {
            TurnToNext();
            return _promised;
        }
    }

    /// <summary>Whether a value was accepted beyond what is applied.</summary>
    public bool HasAccepted => Value is not null;

    /// <summary>What was accepted beyond what is applied.</summary>
    public Proposal? Value
    {
        get
        {
            TurnToNext();
            return _accepted;
        }
    }

    public Message? On(Prepare prepare)
    {
        if (OutOfPlace(prepare.Slot) is { } elsewhere) return elsewhere;
        if (!local.IsVoter) return null;
        if (prepare.Ballot < _promised) return new Refused(prepare.Slot, prepare.Ballot, _promised);
        _promised = prepare.Ballot;
        return new Promise(prepare.Slot, prepare.Ballot, _accepted);
    }

    public Message? On(Accept accept)
    {
        if (OutOfPlace(accept.Slot) is { } elsewhere) return elsewhere;
        if (!local.IsVoter) return null;
        if (accept.Ballot < _promised) return new Refused(accept.Slot, accept.Ballot, _promised);
        if (accept.Ballot.Round <= 0 && accept.Ballot.By != local.State!.Leader.Nonce)
            return new Refused(accept.Slot, accept.Ballot, _promised);
        _promised = accept.Ballot;
        _accepted = new Proposal(accept.Ballot, accept.Command);
        return new Accepted(accept.Slot, accept.Ballot);
    }

    private Message? OutOfPlace(long slot)
    {
        var index = local.State!.Index;
        if (slot <= index) return new Ahead(slot, local.NewsAfter(slot - 1));
        if (slot > index + 1) return new Behind(slot, index);
        TurnToNext();
        return null;
    }

    // A slot that was applied needs no memory of how it was voted on: Ahead answers for it.
    private void TurnToNext()
    {
        var next = (local.State?.Index ?? -1) + 1;
        if (_slot != next) (_slot, _promised, _accepted) = (next, Ballot.None, null);
    }
}
