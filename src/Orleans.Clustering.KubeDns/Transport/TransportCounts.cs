namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>What the metrics and the health data tell of this room. Any thread may add or read.</summary>
internal sealed class TransportCounts
{
    private long _authFailures;
    private long _wrongVersions;
    private long _strangers;

    /// <summary>Messages and replies whose authentication failed, here or at the peer.</summary>
    public long AuthFailures => Interlocked.Read(ref _authFailures);

    public long WrongVersions => Interlocked.Read(ref _wrongVersions);

    /// <summary>Connections that ended without a message of ours, and requests that were none.</summary>
    public long Strangers => Interlocked.Read(ref _strangers);

    public void AuthFailed() => Interlocked.Increment(ref _authFailures);

    public void WrongVersion() => Interlocked.Increment(ref _wrongVersions);

    public void Stranger() => Interlocked.Increment(ref _strangers);
}
