namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// How often whom is greeted (protocol §§ 5 to 7): the pace that keeps a large cluster quiet and a doubtful one awake.
/// No state.
/// </summary>
internal sealed class Cadence(Local local, Peers peers)
{
    private const long LeaderQuietFor = 3_000;

    /// <summary>
    /// The leader watches those that do not vote; the other voters look only so often that none is forgotten as a
    /// learner (30 s), and when somebody is suspected.
    /// </summary>
    private const long GlanceEvery = 25_000;
    private const long SuspectFor = 30_000;

    /// <summary>Between two greetings to everybody while a majority is in doubt: the more, the slower.</summary>
    public long WhenInDoubt => Math.Max(local.Settings.GreetEvery, peers.Contacts.Count * 8);

    // Who has no lineage asks everybody. Once in a cluster the leader watches all, the voters each other, and the rest
    // only look up if they have not heard from the leader.
    public long Interval(Contact contact)
    {
        var eager = Math.Max(local.Settings.GreetEagerly, peers.Contacts.Count * 4);
        var steady = Math.Max(local.Settings.GreetEvery, peers.Contacts.Count * 4);
        if (local.State is not { } state) return contact.AnsweredWithin(4 * steady, local.Now) ? steady : eager;
        if (local.IsFenced) return eager;
        return Math.Min(InCluster(contact, state), IsLookedFor(contact, state) ? WhenInDoubt : long.MaxValue);
    }

    private bool IsLookedFor(Contact contact, ClusterState state) =>
        local.IsLost || local.IsBarred
        || (local.InDoubt && state.Voters.Any(voter => voter.Address == contact.Address));

    private long InCluster(Contact contact, ClusterState state)
    {
        if (IsSuspect(contact)) return local.Settings.GreetEagerly;
        var isVoter = contact.Member is { } member && state.IsVoter(member.Nonce);
        if (local.Leaving && isVoter) return local.Settings.GreetEvery;
        if (local.IsVoter && isVoter)
            return peers.AnySuspect ? local.Settings.GreetEagerly : local.Settings.GreetEvery;
        if (local.IsLeader) return contact.AnsweredAt < 0 || !contact.Refuses ? local.Settings.GreetEvery : 5_000;
        if (local.IsVoter) return GlanceEvery;
        if (isVoter && LeaderIsQuiet(state)) return local.Settings.GreetEvery;
        return contact.Member is null ? 15_000 : Peers.ForgetAfter;
    }

    public bool LeaderIsQuiet(ClusterState state) =>
        state.Leader != local.Self
        && (peers.Of(state.Leader) is not { } leader
            || Math.Max(leader.HeardAt, leader.AnsweredAt) < local.Now - LeaderQuietFor);

    // Somebody who answered and now refuses; not for ever: a pod that stays down is asked at leisure.
    public bool IsSuspect(Contact contact) =>
        contact.WatchUntil > local.Now
        || (contact is { Refuses: true, IsForeign: false, AnsweredAt: >= 0 }
            && contact.RefusedSince > local.Now - SuspectFor);
}
