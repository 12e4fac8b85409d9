namespace Pods.Writes;

/// <summary>The newest table that had been told to anybody, at any time.</summary>
internal sealed class Horizon
{
    private readonly SortedList<TimeSpan, Place> _told = [];

    public void Add(Place at, TimeSpan answered)
    {
        if (Before(answered) is { } known && !known.IsBefore(at)) return;
        _told[answered] = at;
        // What was answered after this but noted before it: older tables say nothing more.
        for (var next = _told.IndexOfKey(answered) + 1; next < _told.Count && _told.Values[next].IsBefore(at);)
        {
            _told.RemoveAt(next);
        }
    }

    /// <summary>The newest that had been told by then; null: none.</summary>
    public Place? Before(TimeSpan asked)
    {
        var (low, high) = (0, _told.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_told.Keys[middle] <= asked) low = middle + 1;
            else high = middle;
        }

        return low == 0 ? null : _told.Values[low - 1];
    }
}
