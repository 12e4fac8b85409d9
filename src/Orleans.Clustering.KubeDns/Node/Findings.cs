namespace Orleans.Clustering.KubeDns.Node;

/// <summary>
/// Something that is not as it should be though the silo works: one word of few, a line for people, and for how long.
/// </summary>
internal sealed record Finding(string Kind, string Text, TimeSpan Lasting);

/// <summary>
/// What is found at each look around, by kind. It counts once it has lasted, since much passes by itself; it is told
/// then, and once a minute until it ends. Any thread may ask.
/// </summary>
internal sealed class Findings(TimeProvider time)
{
    private static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, State> _all = new(StringComparer.Ordinal);

    /// <summary>All that have lasted long enough.</summary>
    public IReadOnlyList<Finding> Lasting
    {
        get
        {
            lock (_lock)
            {
                return
                [
                    .. from found in _all
                       let lasting = time.GetElapsedTime(found.Value.Since)
                       where lasting >= found.Value.Patience
                       select new Finding(found.Key, found.Value.Text, lasting),
                ];
            }
        }
    }

    /// <summary>Takes note of what is found of a kind now; null: nothing.</summary>
    /// <returns>Whether it is to be told now.</returns>
    public bool Note(string kind, string? text, TimeSpan patience)
    {
        lock (_lock)
        {
            if (text is null)
            {
                _all.Remove(kind);
                return false;
            }

            var known = _all.GetValueOrDefault(kind);
            var since = known?.Since ?? time.GetTimestamp();
            var isDue = time.GetElapsedTime(since) >= patience
                && (known?.ToldAt is not { } at || time.GetElapsedTime(at) >= TellAgain);
            _all[kind] = new State(text, since, patience, isDue ? time.GetTimestamp() : known?.ToldAt);
            return isDue;
        }
    }

    private sealed record State(string Text, long Since, TimeSpan Patience, long? ToldAt);
}

/// <summary>Keeps a line that was told within the last minute from being told again.</summary>
internal sealed class Repetitions(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, long> _told = [];

    public bool IsOne(string line)
    {
        foreach (var (told, at) in _told)
        {
            if (time.GetElapsedTime(at) >= Interval) _told.Remove(told);
        }

        return !_told.TryAdd(line, time.GetTimestamp());
    }
}
