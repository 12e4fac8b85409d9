namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>
/// Derives from the TTLs seen how old an answer may be. A cache serves the rest of a TTL and not the whole, so that a
/// process that began to look a moment ago knows nothing: 2 s left of 30 is an answer of 28 s ago. Only once it has
/// watched for longer than the largest TTL it saw must a fresh one have been among the answers.
/// </summary>
internal sealed class TtlWatch(TimeProvider time)
{
    private static readonly TimeSpan Least = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(30);

    // One poll: by so much a fresh TTL may have run down before we saw it.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    private readonly HashSet<TimeSpan> _seen = [];
    private TimeSpan _longest;
    private TimeSpan _longestWhole;
    private long? _firstAnswered;
    private long _lastAsked;
    private bool _sawZero;

    /// <summary>1–30 s; 30 s until there is reason to believe in less, and for good after a TTL of 0.</summary>
    public TimeSpan Staleness
    {
        get
        {
            var whole = RunsDown ? _longestWhole : _longest + Slack;
            if (_sawZero || _firstAnswered is not { } first || whole > Most) return Most;
            var watched = time.GetElapsedTime(first, _lastAsked);
            return watched <= whole ? Most : whole < Least ? Least : whole;
        }
    }

    // TTLs that differ come from a cache; where there is none, all are the same, however rarely one asks.
    private bool RunsDown => _seen.Count > 1;

    /// <summary>Takes note of an answer that listed somebody and has just come in.</summary>
    public void Saw(PeerView view)
    {
        _sawZero |= view.SawZeroTtl;
        var now = time.GetTimestamp();
        var sinceLast = _firstAnswered is null ? Slack : WholeSeconds(time.GetElapsedTime(_lastAsked, now));
        _longestWhole = Larger(_longestWhole, view.MaxTtl + Larger(sinceLast, Slack));
        _longest = Larger(_longest, view.MaxTtl);
        if (_seen.Count < 2) _seen.Add(view.MaxTtl);
        _firstAnswered ??= now;
        _lastAsked = view.AskedAt;
    }

    // Rounded up, because caches round the rest of a TTL down.
    private static TimeSpan WholeSeconds(TimeSpan time) => TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds));

    private static TimeSpan Larger(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
