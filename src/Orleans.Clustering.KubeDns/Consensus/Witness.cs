using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Answers a rescuer (protocol § 7). State kept: the promise (<see cref="Local.Promised"/>). Invariants kept: no
/// promise while a majority works or somebody outside the rescue may know more; after one, nothing of a lower epoch
/// is believed (I6).
/// </summary>
internal sealed class Witness(Local local, Peers peers, Acceptor acceptor, Quorum quorum, Endings endings)
{
    private const long ReachedWithin = 5_000;

    public Message On(Envelope envelope, RescuePrepare prepare)
    {
        if (!MayAsk(envelope, prepare.Epoch)) return new Elsewhere();
        var isAgain = prepare.Epoch == local.Promised;
        if (prepare.Epoch.CompareTo(local.Promised) < 0) return Refuse(prepare.Epoch, "it promised a higher epoch");
        if (!isAgain && Veto(prepare) is { } veto)
        {
            quorum.Doubt();
            return Refuse(prepare.Epoch, veto);
        }

        local.Promise(prepare.Epoch);
        return new RescuePromise(prepare.Epoch, local.State!, acceptor.Value, local.AllBeats());
    }

    public Message On(Envelope envelope, RescueAccept accept)
    {
        if (!MayAsk(envelope, accept.Epoch)) return new Elsewhere();
        return accept.Epoch == local.Promised
            ? new RescueAccepted(accept.Epoch)
            : Refuse(accept.Epoch, "it promised another epoch");
    }

    public Message On(Rescued rescued)
    {
        if (local.Install(rescued.State)) local.Trace("Joined", $"epoch {rescued.State.Epoch} as witness");
        return local.State?.Epoch == rescued.State.Epoch ? new Applied(local.State.Index) : new Elsewhere();
    }

    // Who asks must be of this lineage, and not behind: it does not know what our epoch decided.
    private bool MayAsk(Envelope envelope, Epoch epoch) =>
        local.State is { } state
        && local.Ending is null or EndReason.Yields
        && envelope.Lineage == state.Lineage
        && envelope.Epoch.CompareTo(state.Epoch) >= 0
        && epoch.CompareTo(state.Epoch) > 0
        && epoch.By == envelope.From.Nonce;

    private RescueRefused Refuse(Epoch epoch, string reason) => new(epoch, local.Promised, reason);

    private string? Veto(RescuePrepare prepare)
    {
        var state = local.State!;
        if (local.IsFenced) return "it was away itself";
        if (quorum.HasMajority) return "it sees a working majority";
        if (quorum.LostSince < 0 && !AllVotersSpeak(prepare)) return "it has not seen the majority lost yet";
        var outside = peers.Members().Where(member => member != local.Self)
            .Where(member => !prepare.Witnesses.Contains(member.Nonce)).ToList();
        if (outside.Find(Reaches) is { } reached) return $"it reaches {reached}";
        if (state.Table.RowOf(local.Self) is not { State: SiloState.Active }) return null;
        return outside.Find(member => !MayBeLeft(member)) is { } other ? $"{other} may know more" : null;
    }

    // Who is barred is told of no change of the voters, so those it knows may be none any more: what it makes of them
    // counts for less than that they are asked themselves (seed 11045847).
    private bool AllVotersSpeak(RescuePrepare prepare) =>
        local.IsBarred && local.State!.Voters.All(voter => prepare.Witnesses.Contains(voter.Nonce));

    private bool Reaches(MemberId member) =>
        peers.Of(member) is { } contact && contact.AnsweredWithin(ReachedWithin, local.Now)
        && contact.Lineage == local.State!.Lineage;

    private bool MayBeLeft(MemberId member) =>
        endings.RuleFor(member) is not null
        || (peers.IsUnreachable(member) && peers.Ready.IsAsOf(peers.LastSignOf(member))
            && !peers.Ready.Lists(member.Address));
}
