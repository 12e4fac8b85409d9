using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// What a rescuer and its witnesses must have seen when they promise (protocol § 7), held against what truly was: who
/// was left out was known and judged, whoever lives had its chance, and the look-up is young enough to show everybody
/// who may have learned from the dead.
/// </summary>
internal sealed class RescueEvidence(World world, Lives lives)
{
    private const long UnreachableFor = 5_000;

    /// <summary>For how many times the stated time somebody never listed must have been known.</summary>
    private const int KnownTimes = 6;

    /// <summary>A witness promises: it may reach nobody of its lineage who is not asked.</summary>
    public void RequireNobodyReached(SimProcess witness, Epoch epoch, HashSet<Nonce> witnesses)
    {
        var now = witness.LocalTime(world.Now);
        var reached = witness.Replica.Contacts.Values.FirstOrDefault(contact => contact.Member is { } member
            && member != witness.Self && !witnesses.Contains(member.Nonce)
            && contact.Lineage == witness.Replica.State!.Lineage && contact.AnsweredWithin(UnreachableFor, now));
        Checkers.Require(reached is null, "I6",
            $"{witness} promises {epoch} without {reached?.Member}, which it reaches");
    }

    /// <summary>
    /// The rescuer promises, last of all: <paramref name="own"/> is the state it had, <paramref name="highest"/> the
    /// highest told, <paramref name="before"/> what earlier attempts of its told.
    /// </summary>
    public void RequireJudged(
        SimProcess rescuer, ClusterState first, ClusterState own, ClusterState highest, HashSet<Nonce> witnesses,
        IReadOnlyList<ClusterState> before)
    {
        var named = Named(highest).Concat(Inserted(first, highest)).Distinct().ToList();
        var known = Named(own).Concat(named).Distinct().ToList();
        foreach (var member in named.Where(member => !witnesses.Contains(member.Nonce)))
            RequireAsked(rescuer, first.Epoch, own, member, before);
        foreach (var other in world.Alive.Where(other => !witnesses.Contains(other.Self.Nonce)))
        {
            if (known.Contains(other.Self) || IsOccupant(rescuer, known, other))
                RequireGivenUp(rescuer, first.Epoch, other);
        }

        foreach (var member in known.Where(member => !witnesses.Contains(member.Nonce)))
            RequireYoungLookUp(rescuer, first.Epoch, member);
        if (!Evidence.IsActive(own, rescuer.Self)) RequireFacts(rescuer, first.Epoch, own);
    }

    // Whoever a promise names for the first time has been neither greeted nor judged yet.
    private void RequireAsked(
        SimProcess rescuer, Epoch epoch, ClusterState own, MemberId member, IReadOnlyList<ClusterState> before) =>
        Checkers.Require(
            Names(own, member) || before.Any(state => Names(state, member))
            || ContactOf(rescuer, member)?.Member == member || lives.EndedAt(rescuer, member) >= 0,
            "I6", $"{rescuer} leaves {member} out of {epoch}, and never asked it");

    // It lives: either its end was shown, or Kubernetes held it for not ready for long enough, and it was silent. One
    // that had no lineage when it answered has joined since, from a witness; one of another lineage is none of theirs.
    private void RequireGivenUp(SimProcess rescuer, Epoch epoch, SimProcess other)
    {
        if (lives.IsHeldForEnded(other) || other.Pod.IsForgotten) return;
        var contact = ContactOf(rescuer, other.Self);
        if (contact?.Member == other.Self && contact.Lineage != rescuer.Replica.State!.Lineage) return;
        var plan = world.Plan;
        var notReadyFor = plan.Settings().NotReadyFor;
        var least = world.Ready.WasListed(other.Pod.Address, other.StartedAt)
            ? notReadyFor
            : (KnownTimes + 1) * notReadyFor;
        Checkers.Require(plan.HasReady && world.Now - other.StartedAt >= least - plan.SlowTail, "I6",
            $"{rescuer} leaves {other} out of {epoch}, which lives since {other.StartedAt} and was not given up");
        var isSilent = contact?.Member != other.Self
            || !contact.AnsweredWithin(UnreachableFor - 1, rescuer.LocalTime(world.Now));
        Checkers.Require(isSilent, "I6", $"{rescuer} leaves {other} out of {epoch}, which answered it lately");
    }

    // Evidence cannot be older than the verdict, the successor, or the silence that it is made of.
    private void RequireYoungLookUp(SimProcess rescuer, Epoch epoch, MemberId member)
    {
        var view = rescuer.Replica.LastView!;
        var contact = ContactOf(rescuer, member);
        var since = lives.EndedAt(rescuer, member);
        // It joined another lineage before it was told of this one, so it knows nothing of it (seed 11024132).
        var isOfAnother = contact is { HasLineage: true } && contact.Lineage != rescuer.Replica.State!.Lineage;
        if (contact?.Member == member && isOfAnother) return;
        if (since < 0 && contact?.Member == member && !contact.IsForeign)
            since = rescuer.WorldTime(contact.AnsweredAt + UnreachableFor);
        else if (since < 0 && contact?.Member is { } now && IsBefore(member, now))
            since = world.ProcessOf(member.Nonce)!.EndedAt;
        Checkers.Require(since < 0 || rescuer.WorldTime(view.AskedAt) >= since + view.Staleness, "I6",
            $"{rescuer} begins {epoch} on an answer asked at {rescuer.WorldTime(view.AskedAt)}; "
            + $"{member} was given up at {since}");
    }

    // Who never was Active needs facts about all who were: Kubernetes' word is not enough.
    private void RequireFacts(SimProcess rescuer, Epoch epoch, ClusterState own)
    {
        var active = own.Table.Rows.Values.Where(row => row.State == SiloState.Active)
            .Select(row => row.Owner).OfType<MemberId>().FirstOrDefault(member => !IsShown(rescuer, member));
        Checkers.Require(active is null, "I6",
            $"{rescuer}, which never was Active, begins {epoch}, and nothing shows that {active} has ended");
    }

    private bool IsShown(SimProcess rescuer, MemberId member) =>
        lives.EndedAt(rescuer, member) >= 0
        || ContactOf(rescuer, member) is { } contact && (contact.IsForeign || contact.Member != member);

    private bool IsBefore(MemberId member, MemberId now) =>
        world.ProcessOf(member.Nonce) is { IsAlive: false } ended && world.ProcessOf(now.Nonce)?.Number > ended.Number;

    private static bool IsOccupant(SimProcess rescuer, List<MemberId> known, SimProcess other) =>
        ContactOf(rescuer, other.Self) is { IsForeign: false } contact && contact.Member == other.Self
        && known.Exists(member => member.Address == other.Pod.Address);

    private static Contact? ContactOf(SimProcess rescuer, MemberId member) =>
        rescuer.Replica.Contacts.GetValueOrDefault(member.Address);

    private static bool Names(ClusterState state, MemberId member) =>
        state.Voters.Contains(member) || state.Table.RowOf(member) is not null;

    private static IEnumerable<MemberId> Named(ClusterState state) => state.Voters.Concat(state.Table.Rows.Values
        .Where(row => row.State != SiloState.Dead).Select(row => row.Owner).OfType<MemberId>());

    // By the value in flight that it goes on from.
    private static IEnumerable<MemberId> Inserted(ClusterState first, ClusterState highest) =>
        first.Table.Rows.Values.Select(row => row.Owner).OfType<MemberId>().Where(owner => !Names(highest, owner));
}
