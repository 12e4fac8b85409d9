using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// What becomes of two states of one cluster that meet (protocol § 8). State kept: since when a working majority is met
/// in an epoch that this member may not follow. Invariants kept: states are never merged; of two quorate clusters one
/// ends (I7).
/// </summary>
internal sealed class Meeting(Local local, Peers peers, Quorum quorum)
{
    private const long LookEvery = 1_000;
    private const long MetWithin = 5_000;

    private long _lookAt;
    private long _passedBySince = -1;
    private long _passedByAt = -1;
    private Yield? _yield;

    public long NextDue => _lookAt;

    /// <summary>Somebody of this cluster's key told where it stands.</summary>
    public void OnMet(Envelope envelope, Standing standing)
    {
        if (local.State is not { } state || envelope.Lineage != state.Lineage) return;
        if (envelope.Epoch == local.Promised && local.IsBarred) return;
        if (envelope.Epoch.CompareTo(state.Epoch) > 0)
            local.End(EndReason.LeftBehind, $"{envelope.From} is in epoch {envelope.Epoch}, we in {state.Epoch}");
        else if (local.IsBarred && standing.IsQuorate) OnPassedBy(envelope);
    }

    public void OnStalled() => _passedBySince = -1;

    public void Pump()
    {
        if (local.State is not { } state || local.Now < _lookAt) return;
        _lookAt = local.Now + LookEvery;
        if (state.YieldsTo != Guid.Empty) YieldTo(state.YieldsTo, "as its leader decided");
        FenceIfDeleted();
        _yield = ToYield(state);
        if (Working is not { } other) return;
        local.Trace("LineageConflict", $"{other.Member} of lineage {other.Lineage:N}");
        var isLost = quorum.LostSince >= 0 && local.Now >= quorum.LostSince + local.Settings.RescueAfter;
        if (isLost) YieldTo(other.Lineage, "which has a working majority");
    }

    /// <summary>A member of another lineage that has a working majority and answers us; null: none is met.</summary>
    public Contact? Working => Others().FirstOrDefault(contact => contact.Standing.IsQuorate);

    /// <summary>The end of this cluster, if the rules decide for the other one.</summary>
    public Command? NextYield() => local.State!.YieldsTo == Guid.Empty ? _yield : null;

    private Yield? ToYield(ClusterState state)
    {
        if (!local.IsLeader || state.YieldsTo != Guid.Empty || !quorum.HasMajority) return null;
        return Others().FirstOrDefault(other => other.Standing.IsQuorate && MustYield(state, other)) is { } winner
            ? new Yield(winner.Lineage)
            : null;
    }

    private void OnPassedBy(Envelope envelope)
    {
        if (_passedBySince < 0 || local.Now > _passedByAt + local.Settings.RescueAfter) _passedBySince = local.Now;
        _passedByAt = local.Now;
        if (local.Now < _passedBySince + local.Settings.RescueAfter) return;
        local.End(EndReason.LeftBehind,
            $"{envelope.From} has a working majority in epoch {envelope.Epoch}, which we left for {local.Promised}");
    }

    private IEnumerable<Contact> Others() => peers.Contacts.Values.Where(contact =>
        contact is { HasLineage: true, IsForeign: false }
        && contact.Lineage != local.State!.Lineage
        && contact.AnsweredWithin(MetWithin, local.Now));

    private void YieldTo(Guid lineage, string why)
    {
        if (local.Ending is null)
            local.End(EndReason.Yields, $"lineage {local.State!.Lineage:N} gives way to {lineage:N}, {why}");
    }

    // Both have a majority. DNS decides if it lists one of them only; then the one formed later yields.
    private bool MustYield(ClusterState state, Contact other)
    {
        var theirs = Others().Any(contact =>
            contact.Lineage == other.Lineage && peers.Discovery.Lists(contact.Address));
        var ours = peers.Members().Any(member => peers.Discovery.Lists(member.Address));
        if (ours != theirs) return theirs && IsUnlistedFor(local.Settings.RemovedFor);
        var later = state.FormedAt.CompareTo(other.Standing.FormedAt);
        return later != 0 ? later > 0 : state.Lineage.CompareTo(other.Lineage) > 0;
    }

    private bool IsUnlistedFor(long ms) =>
        peers.Discovery.UnlistedSince >= 0 && peers.LastView!.AskedAt >= peers.Discovery.UnlistedSince + ms;

    private void FenceIfDeleted()
    {
        if (quorum.LostSince >= 0 && IsUnlistedFor(local.Settings.FenceAfter))
            local.End(EndReason.Fenced, "DNS lists others and not us, and no majority answers");
    }
}
