using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// The headless service: one linear history of who is published, of which every answer is a prefix, no staler than the
/// plan says. Two answers may go back in time, as two resolvers do.
/// </summary>
internal sealed class SimDns(SimRandom random, FaultPlan plan, long staleness)
{
    private readonly (long At, Sequence<ListedPeer> Listed)[] _caches =
        [(long.MinValue / 2, default), (long.MinValue / 2, default)];

    private readonly List<(long At, Sequence<ListedPeer> Listed)> _history = [(long.MinValue, default)];
    private Sequence<ListedPeer> _wanted;

    /// <summary>Cut off from the API server: nothing new is published until then.</summary>
    public long FrozenUntil { get; set; } = long.MinValue;

    /// <summary>Whether look-ups have stopped failing.</summary>
    public bool IsWhole { get; set; }

    public bool IsPublished(PeerAddress address) => _history[^1].Listed.Any(listed => listed.Address == address);

    public bool IsPublished(PeerAddress address, long asOf) =>
        _history.Last(entry => entry.At <= asOf).Listed.Any(listed => listed.Address == address);

    public void Publish(long now, ListedPeer peer)
    {
        if (!_wanted.Contains(peer)) Change(now, _wanted.Append(peer));
    }

    public void Withdraw(long now, ListedPeer peer) => Change(now, _wanted.Where(listed => listed != peer));

    /// <summary>What happened while it was frozen is published now.</summary>
    public void Thaw(long now)
    {
        FrozenUntil = long.MinValue;
        _history.Add((now, _wanted));
    }

    public bool IsWanted(PeerAddress address) => _wanted.Any(listed => listed.Address == address);

    /// <summary>Whom only those see that are named with it, and who sees only those; until the fork ends.</summary>
    public HashSet<PeerAddress> Fork { get; } = [];

    private readonly HashSet<PeerAddress> _wasFork = [];
    private long _forkEndedAt = long.MinValue;

    public void EndFork(long now)
    {
        if (Fork.Count == 0) return;
        _wasFork.UnionWith(Fork);
        _forkEndedAt = now;
        Fork.Clear();
    }

    /// <summary>Whether some answer since then could show the one to itself, and not the other.</summary>
    public bool WereForked(PeerAddress one, PeerAddress other, long since) =>
        Fork.Contains(one) != Fork.Contains(other)
        || (since <= _forkEndedAt && _wasFork.Contains(one) != _wasFork.Contains(other));

    /// <summary>No look-up succeeds until then.</summary>
    public long DownUntil { get; set; } = long.MinValue;

    /// <summary>An answer to a question asked then, as it is given now.</summary>
    public View Answer(Pod asker, long asked, long now, long askedLocal, bool isCutOff)
    {
        if (isCutOff || now < DownUntil) return new View(askedLocal, false, default, staleness);
        var listed = Known(asker, asked, now);
        if (Fork.Count > 0)
            listed = listed.Where(peer => Fork.Contains(peer.Address) == Fork.Contains(asker.Address)).ToSequence();

        // A name without any address does not exist: that proves nothing.
        var isComplete = listed.Count > 0;
        if (!IsWhole && random.Chance(plan.DnsFailure))
        {
            // Nothing at all, or a truncated answer.
            isComplete = false;
            var part = random.Between(0, 1) * random.Between(0, listed.Count);
            listed = listed.Take((int)part).ToSequence();
        }

        var isMisnamed = listed.Any(peer => peer.Address == asker.Address && peer.Fqdn != asker.Fqdn);
        return new View(askedLocal, isComplete, listed, staleness, isMisnamed);
    }

    /// <summary>Whether there was a moment since then at which an answer could be true and not list it.</summary>
    public bool WasUnlisted(PeerAddress address, long since)
    {
        var at = _history.FindLastIndex(entry => entry.At <= since);
        return _history.Skip(Math.Max(0, at)).Any(entry => entry.Listed.All(listed => listed.Address != address));
    }

    /// <summary>Whether there was a moment since then at which an answer could be true and list it.</summary>
    public bool WasListed(PeerAddress address, long since)
    {
        var at = _history.FindLastIndex(entry => entry.At <= since);
        return _history.Skip(Math.Max(0, at)).Any(entry => entry.Listed.Any(listed => listed.Address == address));
    }

    private Sequence<ListedPeer> Known(Pod asker, long asked, long now)
    {
        if (plan.Resolvers == Resolvers.AnyAge) return At(random.Between(asked - staleness, now));
        var isPinned = plan.Resolvers == Resolvers.PinnedCaches;
        ref var cache = ref _caches[isPinned ? asker.Address.Host[^1] % 2 : random.Between(0, 1)];
        if (cache.At < asked - staleness) cache = (now, At(now));
        return cache.Listed;
    }

    private Sequence<ListedPeer> At(long time) => _history.Last(entry => entry.At <= time).Listed;

    private void Change(long now, IEnumerable<ListedPeer> listed)
    {
        _wanted = listed.ToSequence();
        if (now >= FrozenUntil) _history.Add((now, _wanted));
    }
}
