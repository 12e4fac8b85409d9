namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Which counters of a session were used: each is accepted once. HTTP/2 streams overtake each other, so a counter may
/// come late, but not by more than the window; what falls out of it counts as used.
/// </summary>
internal sealed class ReplayWindow
{
    public const int Size = 1024;

    private readonly ulong[] _used = new ulong[Size / 64];
    private readonly Lock _lock = new();
    private long _highest;

    public bool TryUse(long counter)
    {
        lock (_lock)
        {
            if (counter <= 0 || counter <= _highest - Size) return false;
            Advance(counter);
            ref var word = ref _used[counter % Size / 64];
            var bit = 1UL << (int)(counter % 64);
            if ((word & bit) != 0) return false;
            word |= bit;
            return true;
        }
    }

    private void Advance(long counter)
    {
        if (counter <= _highest) return;
        if (counter - _highest >= Size)
        {
            Array.Clear(_used);
        }
        else
        {
            for (var next = _highest + 1; next <= counter; next++)
            {
                _used[next % Size / 64] &= ~(1UL << (int)(next % 64));
            }
        }

        _highest = counter;
    }
}
