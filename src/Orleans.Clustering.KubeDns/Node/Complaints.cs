using Orleans.Clustering.KubeDns.Discovery;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>
/// What is wrong now, by subject: told once it has lasted for a while, since much passes by itself, then once a minute
/// until it ends. What comes again is told again. Any thread may ask.
/// </summary>
internal sealed class Complaints(TimeProvider time)
{
    private static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, Complaint> _all = new(StringComparer.Ordinal);

    /// <summary>The whole texts of all that is wrong now.</summary>
    public IReadOnlyList<string> Texts
    {
        get
        {
            lock (_lock) return [.. _all.Values.Select(complaint => complaint.Text)];
        }
    }

    /// <summary>Takes note of what is seen of a subject now; null: nothing is wrong with it.</summary>
    /// <returns>The text, if it is to be told now.</returns>
    public string? Note(string subject, KdnsError? error, TimeSpan patience)
    {
        lock (_lock)
        {
            if (error is null)
            {
                _all.Remove(subject);
                return null;
            }

            var now = time.GetTimestamp();
            var former = _all.GetValueOrDefault(subject);
            var since = former?.Code == error.Code ? former.Since : now;
            var lasting = time.GetElapsedTime(since, now);
            return Note(subject, error.Code, (error with { Lasting = lasting }).Message, lasting, patience);
        }
    }

    /// <summary>The same for a text, beginning with its code, whose writer knows how long it has lasted.</summary>
    public bool IsDue(string subject, string text, TimeSpan lasting, TimeSpan patience)
    {
        lock (_lock)
        {
            if (text.Length > 0) return Note(subject, text.Split(':')[0], text, lasting, patience) is not null;
            _all.Remove(subject);
            return false;
        }
    }

    private string? Note(string subject, string code, string text, TimeSpan lasting, TimeSpan patience)
    {
        var now = time.GetTimestamp();
        var former = _all.GetValueOrDefault(subject);
        var told = former?.Code == code ? former.ToldAt : null;
        var isDue = lasting >= patience && (told is not { } at || time.GetElapsedTime(at, now) >= TellAgain);
        var since = former?.Code == code ? former.Since : now;
        _all[subject] = new Complaint(code, text, since, isDue ? now : told);
        return isDue ? text : null;
    }

    private sealed record Complaint(string Code, string Text, long Since, long? ToldAt);
}
