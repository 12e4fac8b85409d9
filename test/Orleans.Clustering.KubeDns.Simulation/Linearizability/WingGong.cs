namespace Orleans.Clustering.KubeDns.Simulation.Linearizability;

/// <summary>
/// Whether some order of the calls, which keeps every one between its call and its return, explains what all callers
/// were told (Wing and Gong, <i>Testing and Verifying Concurrent Objects</i>; with Lowe's memory of what was tried: the
/// set of calls that have taken effect, and the table that they left).
/// </summary>
internal sealed class WingGong
{
    /// <summary>As many as the set of calls can hold.</summary>
    public const int MostCalls = 128;

    private readonly List<Call> _calls;
    private readonly HashSet<(UInt128 Done, UInt128 State)> _tried = [];
    private readonly UInt128 _complete;
    private (int Count, UInt128 Done, int Version) _farthest = (-1, 0, 0);

    private WingGong(IEnumerable<Call> calls)
    {
        // The reads that nobody was answered say nothing.
        _calls = calls.Where(call => call.IsComplete || call.Change is not null)
            .OrderBy(call => call.ReturnedAt).ToList();
        if (_calls.Count > MostCalls) throw new ArgumentException($"more than {MostCalls} calls", nameof(calls));
        for (var i = 0; i < _calls.Count; i++) _complete |= _calls[i].IsComplete ? Bit(i) : 0;
    }

    /// <summary>Why the history is not linearizable; null: it is.</summary>
    public static string? Contradiction(TableModel first, IEnumerable<Call> calls)
    {
        var search = new WingGong(calls);
        return search.Explains(first, 0) ? null : search.Farthest();
    }

    private bool Explains(TableModel state, UInt128 done)
    {
        if ((done & _complete) == _complete) return true;
        if (!_tried.Add((done, state.Digest))) return false;
        var before = FirstReturn(done);
        Remember(done, state);
        for (var i = 0; i < _calls.Count; i++)
        {
            if ((done & Bit(i)) != 0 || _calls[i].CalledAt > before) continue;
            if (state.After(_calls[i]) is { } next && Explains(next, done | Bit(i))) return true;
        }

        return false;
    }

    // What took effect next was called before the first of the others returned.
    private long FirstReturn(UInt128 done)
    {
        for (var i = 0; i < _calls.Count; i++)
        {
            if ((done & Bit(i)) == 0) return _calls[i].ReturnedAt;
        }

        return long.MaxValue;
    }

    private void Remember(UInt128 done, TableModel state)
    {
        var count = (int)UInt128.PopCount(done & _complete);
        if (count > _farthest.Count) _farthest = (count, done, state.Version);
    }

    private string Farthest()
    {
        var left = Enumerable.Range(0, _calls.Count).First(i => (_complete & ~_farthest.Done & Bit(i)) != 0);
        return $"no order explains {_calls[left]}; at best the table was at {_farthest.Version} then";
    }

    private static UInt128 Bit(int index) => UInt128.One << index;
}
