namespace Orleans.Clustering.KubeDns.Simulation.Scale;

/// <summary>What one silo sent and took in, and what that cost it: both directions, bodies as the codec writes them.</summary>
internal sealed class Traffic
{
    public long Messages { get; private set; }

    /// <summary>Of the bodies; HTTP and the codes come on top.</summary>
    public long Bytes { get; private set; }

    public long LookUps { get; private set; }

    public void Count(int bytes)
    {
        Messages++;
        Bytes += bytes;
    }

    public void CountLookUp() => LookUps++;

    public void Clear() => (Messages, Bytes, LookUps) = (0, 0, 0);
}

/// <summary>The same for one kind of silo, for each of them and each second.</summary>
internal sealed record Rate(int Silos, double Messages, double Bytes)
{
    public static Rate Of(IReadOnlyCollection<Traffic> silos, double seconds) => new(
        silos.Count,
        silos.Count == 0 ? 0 : silos.Average(silo => silo.Messages) / seconds,
        silos.Count == 0 ? 0 : silos.Average(silo => silo.Bytes) / seconds);
}
