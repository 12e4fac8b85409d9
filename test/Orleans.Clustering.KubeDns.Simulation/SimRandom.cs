namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The run's only source of chance: the same seed gives the same run on every machine.</summary>
internal sealed class SimRandom(ulong seed)
{
    private ulong _state = seed;

    public ulong Bits()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number in [low, high].</summary>
    public long Between(long low, long high) => low + (long)(Bits() % (ulong)(high - low + 1));

    public bool Chance(double probability) => (Bits() >> 11) * (1.0 / (1UL << 53)) < probability;

    public T Pick<T>(IReadOnlyList<T> items) => items[(int)Between(0, items.Count - 1)];
}
