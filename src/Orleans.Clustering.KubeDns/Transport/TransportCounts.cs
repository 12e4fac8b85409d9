namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>What the metrics and the health data tell of this room. Any thread may add or read.</summary>
internal sealed class TransportCounts
{
    private readonly long[] _rejections = new long[Enum.GetValues<Rejection>().Length];
    private long _authFailures;
    private long _wrongVersions;

    /// <summary>Messages and replies whose authentication failed, here or at the peer.</summary>
    public long AuthFailures => Interlocked.Read(ref _authFailures);

    /// <summary>Messages and replies of another protocol version, here or at the peer.</summary>
    public long WrongVersions => Interlocked.Read(ref _wrongVersions);

    /// <summary>What the discovery port turned away for that reason.</summary>
    public long Rejected(Rejection rejection) => Interlocked.Read(ref _rejections[(int)rejection]);

    public void Reject(Rejection rejection) => Interlocked.Increment(ref _rejections[(int)rejection]);

    public void AuthFailed() => Interlocked.Increment(ref _authFailures);

    public void WrongVersion() => Interlocked.Increment(ref _wrongVersions);
}
