namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>Thrown only for faults of configuration, which waiting does not heal: KDNS312 and KDNS316.</summary>
internal sealed class DiscoveryException(KdnsError error) : Exception(error.Message)
{
    public KdnsError Error { get; } = error;
}
