using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>How DNS answers just now.</summary>
internal enum DnsManner
{
    Works,

    /// <summary>SERVFAIL, or no answer at all.</summary>
    Fails,

    /// <summary>NXDOMAIN or NODATA, as a negative cache gives it.</summary>
    Empty,

    /// <summary>Truncated: the first pod only.</summary>
    Partial,

    /// <summary>Cut off from the API server: what was listed then is listed still.</summary>
    Frozen,
}

/// <summary>The discovery service, and the ready service if there is one, as the test lists pods in them.</summary>
internal sealed class HandDns
{
    private const long Staleness = 500;

    private DnsManner _manner;
    private List<ListedPeer> _listedThen = [];
    private List<ListedPeer> _readyThen = [];

    public List<ListedPeer> Listed { get; } = [];

    /// <summary>Whom the kubelet holds for ready.</summary>
    public List<ListedPeer> Ready { get; } = [];

    public bool HasReadyService { get; set; }

    /// <summary>Groups that two API servers, out of touch, list each by itself.</summary>
    public List<IReadOnlyList<PeerAddress>> Forks { get; } = [];

    public DnsManner Manner
    {
        get => _manner;
        set
        {
            _manner = value;
            (_listedThen, _readyThen) = ([.. Listed], [.. Ready]);
        }
    }

    public View Discovery(PeerAddress asker, long askedAt) => Answer(asker, askedAt, Listed, _listedThen);

    public View ReadyOnes(PeerAddress asker, long askedAt) => Answer(asker, askedAt, Ready, _readyThen);

    // To the core a failed and an empty look-up are the same: an answer that is not complete, and names nobody.
    private View Answer(PeerAddress asker, long askedAt, List<ListedPeer> now, List<ListedPeer> then)
    {
        var listed = Manner switch
        {
            DnsManner.Fails or DnsManner.Empty => [],
            DnsManner.Partial => now.Take(1),
            DnsManner.Frozen => then,
            _ => now.Where(peer => Sees(asker, peer.Address)),
        };
        var isComplete = Manner is DnsManner.Works or DnsManner.Frozen;
        return new View(askedAt, isComplete, listed.ToSequence(), Staleness);
    }

    private bool Sees(PeerAddress asker, PeerAddress listed) =>
        Forks.Find(fork => fork.Contains(asker)) is not { } own || own.Contains(listed);
}
