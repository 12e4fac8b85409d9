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

    /// <summary>The same by subject, and for how long each has been so.</summary>
    public IReadOnlyList<(string Subject, string Text, TimeSpan Lasting)> All
    {
        get
        {
            lock (_lock)
                return [.. _all.Select(one => (one.Key, one.Value.Text, time.GetElapsedTime(one.Value.Since)))];
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

            var lasting = time.GetElapsedTime(SinceOf(subject, error.Code));
            var text = (error with { Lasting = lasting }).Message;
            return Keep(subject, error.Code, text, lasting, patience) ? text : null;
        }
    }

    /// <summary>The same for a text, beginning with its code, whose writer knows how long it has lasted.</summary>
    public bool IsDue(string subject, string text, TimeSpan lasting, TimeSpan patience)
    {
        lock (_lock)
        {
            if (text.Length > 0) return Keep(subject, text.Split(':')[0], text, lasting, patience);
            _all.Remove(subject);
            return false;
        }
    }

    private long SinceOf(string subject, string code) => Same(subject, code)?.Since ?? time.GetTimestamp();

    private bool Keep(string subject, string code, string text, TimeSpan lasting, TimeSpan patience)
    {
        var told = Same(subject, code)?.ToldAt;
        var isDue = lasting >= patience && (told is not { } at || time.GetElapsedTime(at) >= TellAgain);
        _all[subject] = new Complaint(code, text, SinceOf(subject, code), isDue ? time.GetTimestamp() : told);
        return isDue;
    }

    // What another code said of it is over.
    private Complaint? Same(string subject, string code) =>
        _all.GetValueOrDefault(subject) is { } former && former.Code == code ? former : null;

    private sealed record Complaint(string Code, string Text, long Since, long? ToldAt);
}
