using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// What one service has listed, and for how long it has not (protocol § 1). State kept: the newest complete answer, and
/// for each address the series of answers without it. Invariants kept: only complete answers count, and only those that
/// list us and that cannot be older than the last that listed the address (I5).
/// </summary>
internal sealed class Listing(Local local)
{
    private const int LeastAnswers = 3;

    /// <summary>For how many times the stated time somebody never listed must have been known.</summary>
    private const int KnownTimes = 6;

    private ImmutableSortedDictionary<PeerAddress, Series> _series =
        ImmutableSortedDictionary<PeerAddress, Series>.Empty;

    private long _watchedSince = -1;

    /// <summary>The newest complete answer.</summary>
    public View? Last { get; private set; }

    /// <summary>Since when the answers list others and not us (when they were asked); −1: they do not.</summary>
    public long UnlistedSince { get; private set; } = -1;

    /// <summary>Whether complete answers that list us have been seen for that long.</summary>
    public bool WatchedFor(long ms) => _watchedSince >= 0 && Last!.AskedAt - _watchedSince >= ms;

    /// <summary>Whether the newest complete answer tells of that moment, or a later one.</summary>
    public bool IsAsOf(long time) => Last is { } view && view.AskedAt - view.Staleness >= time;

    public bool Lists(PeerAddress address) => Last?.Listed.Any(listed => listed.Address == address) == true;

    /// <summary>Takes in an answer; <paramref name="known"/> are the addresses whose absence matters.</summary>
    public void On(View view, IEnumerable<PeerAddress> known)
    {
        if (!view.Complete) return;
        var isNewest = Last is null || view.AskedAt >= Last.AskedAt;
        if (isNewest) Last = view;
        var listed = view.Listed.Select(each => each.Address).ToImmutableHashSet();
        var listsUs = listed.Contains(local.Self.Address);
        if (listsUs && _watchedSince < 0) _watchedSince = view.AskedAt;
        if (listsUs || listed.IsEmpty) UnlistedSince = -1;
        else if (UnlistedSince < 0) UnlistedSince = view.AskedAt;
        var addresses = listed.Union(known);
        _series = addresses.ToImmutableSortedDictionary(
            address => address,
            address => Next(_series.GetValueOrDefault(address), view, listed.Contains(address), listsUs));
    }

    /// <summary>
    /// Whether Kubernetes has taken that member's address out of this service for so long (ms): listed after the member
    /// became known, or known for six times as long, then absent from at least three answers over that time.
    /// </summary>
    public bool IsGone(PeerAddress address, long knownSince, long forMs)
    {
        if (!_series.TryGetValue(address, out var series) || series.Absences < LeastAnswers) return false;
        var since = series.AbsentSince;
        if (!WasListed(address, knownSince)) since = Math.Max(since, knownSince + (KnownTimes * forMs));
        return series.AbsentAt - since >= forMs;
    }

    /// <summary>Whether the address was listed when it was that member's, and not an earlier one's.</summary>
    public bool WasListed(PeerAddress address, long knownSince) =>
        _series.TryGetValue(address, out var series)
        && series.ListedAt >= 0 && series.ListedAt >= knownSince + Last!.Staleness;

    /// <summary>Whether the address was never listed in as long as we have watched: at least that long (ms).</summary>
    public bool NeverListed(PeerAddress address, long knownSince, long forMs) =>
        WatchedFor(forMs)
        && Last!.AskedAt - knownSince >= forMs
        && (!_series.TryGetValue(address, out var series) || series.ListedAt < 0);

    private static Series Next(Series? before, View view, bool isListed, bool listsUs)
    {
        var series = before ?? Series.None;
        if (isListed) return new Series(Math.Max(series.ListedAt, view.AskedAt), -1, -1, 0);
        var mayBeOlder = series.ListedAt >= 0 && view.AskedAt < series.ListedAt + view.Staleness;
        if (!listsUs || mayBeOlder || view.AskedAt <= series.AbsentAt) return series;
        var since = series.Absences == 0 ? view.AskedAt : series.AbsentSince;
        return series with { AbsentSince = since, AbsentAt = view.AskedAt, Absences = series.Absences + 1 };
    }

    // When the newest answer that listed it was asked, and the first and the newest of those since that did not.
    private sealed record Series(long ListedAt, long AbsentSince, long AbsentAt, int Absences)
    {
        public static readonly Series None = new(-1, -1, -1, 0);
    }
}
