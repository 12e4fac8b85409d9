using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// The headless service: one linear history of who is published, of which every answer is a prefix, no staler than the
/// plan says. Two answers may go back in time, as two resolvers do.
/// </summary>
internal sealed class SimDns(SimRandom random, FaultPlan plan)
{
    private readonly List<(long At, Sequence<ListedPeer> Listed)> _history = [(long.MinValue, default)];
    private Sequence<ListedPeer> _wanted;

    /// <summary>Cut off from the API server: nothing new is published until then.</summary>
    public long FrozenUntil { get; set; } = long.MinValue;

    /// <summary>Whether look-ups have stopped failing.</summary>
    public bool IsWhole { get; set; }

    public bool IsPublished(PeerAddress address) => _history[^1].Listed.Any(listed => listed.Address == address);

    public bool IsPublished(PeerAddress address, long asOf) =>
        _history.Last(entry => entry.At <= asOf).Listed.Any(listed => listed.Address == address);

    public void Publish(long now, ListedPeer peer) => Change(now, _wanted.Append(peer));

    public void Withdraw(long now, PeerAddress address) =>
        Change(now, _wanted.Where(listed => listed.Address != address));

    /// <summary>What happened while it was frozen is published now.</summary>
    public void Thaw(long now)
    {
        FrozenUntil = long.MinValue;
        _history.Add((now, _wanted));
    }

    public bool IsWanted(PeerAddress address) => _wanted.Any(listed => listed.Address == address);

    /// <summary>Whom only those see that are named with it, and who sees only those; until the fork ends.</summary>
    public HashSet<PeerAddress> Fork { get; } = [];

    /// <summary>An answer to a question asked then, as it comes in now.</summary>
    public View Answer(Pod asker, long asked, long now, long askedLocal)
    {
        var asOf = random.Between(asked - plan.Staleness, now);
        var listed = _history.Last(entry => entry.At <= asOf).Listed;
        if (Fork.Count > 0)
            listed = listed.Where(peer => Fork.Contains(peer.Address) == Fork.Contains(asker.Address)).ToSequence();
        var isComplete = listed.Count > 0;
        if (!IsWhole && random.Chance(plan.DnsFailure))
        {
            // Nothing at all, or a truncated answer.
            isComplete = false;
            var part = random.Between(0, 1) * random.Between(0, listed.Count);
            listed = listed.Take((int)part).ToSequence();
        }

        var isMisnamed = listed.Any(peer => peer.Address == asker.Address && peer.Fqdn != asker.Fqdn);
        return new View(askedLocal, isComplete, listed, plan.Staleness, isMisnamed);
    }

    private void Change(long now, IEnumerable<ListedPeer> listed)
    {
        _wanted = listed.ToSequence();
        if (now >= FrozenUntil) _history.Add((now, _wanted));
    }
}
