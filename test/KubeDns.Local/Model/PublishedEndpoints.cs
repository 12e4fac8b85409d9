namespace KubeDns.Local.Model;

/// <summary>
/// The endpoints of a service as DNS shows them: what was true some time ago. Nothing runs in the background; a
/// state has a moment from which it is shown, and whoever looks asks for the newest whose moment has come.
/// </summary>
internal sealed class PublishedEndpoints
{
    private readonly List<(TimeSpan From, IReadOnlyList<Endpoint> Endpoints)> _coming = [];
    private IReadOnlyList<Endpoint> _shown = [];

    public IReadOnlyList<Endpoint> At(TimeSpan now)
    {
        var due = _coming.FindLastIndex(c => c.From <= now);
        if (due >= 0)
        {
            _shown = _coming[due].Endpoints;
            _coming.RemoveRange(0, due + 1);
        }

        return _shown;
    }

    public void Change(IReadOnlyList<Endpoint> endpoints, TimeSpan now, TimeSpan delay)
    {
        At(now);
        var newest = _coming.Count > 0 ? _coming[^1].Endpoints : _shown;
        if (newest.SequenceEqual(endpoints))
        {
            return;
        }

        // An older state must not be shown after this one.
        var from = Later(now, delay);
        _coming.RemoveAll(c => c.From >= from);
        _coming.Add((from, endpoints));
    }

    /// <summary>After a change of the delay, nothing waits for longer than the new one.</summary>
    public void Hurry(TimeSpan now, TimeSpan delay)
    {
        At(now);
        var latest = Later(now, delay);
        for (var i = 0; i < _coming.Count; i++)
        {
            _coming[i] = (_coming[i].From < latest ? _coming[i].From : latest, _coming[i].Endpoints);
        }
    }

    private static TimeSpan Later(TimeSpan now, TimeSpan delay) =>
        delay == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : now + delay;
}
