namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// The bounds within which this room works. Hosting sets the first few from the operator's options; the rest have no
/// option, because no operator could choose better, and tests shorten them.
/// </summary>
internal sealed record TransportOptions
{
    public WireLimits Limits { get; init; } = WireLimits.Default;

    /// <summary>How long a connection attempt may take, greetings included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Requests under way to one peer; beyond them a send is not tried.</summary>
    public int MaxInFlightPerPeer { get; init; } = 64;

    /// <summary>After what silence the kernel asks for life, and how long the answer may take; whole seconds.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a peer that is not spoken to keeps its connection here.</summary>
    public TimeSpan LinkIdle { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Connections that the server holds: 500 silos, each with one and fresh ones after time-outs.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Requests that the server works on at once; beyond them it answers that it is overloaded.</summary>
    public int MaxConcurrentRequests { get; init; } = 1024;

    /// <summary>Bytes of large messages that the server receives at once; they hold up no small ones.</summary>
    public long MaxLargeFrameBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How long a message may take to arrive once it has begun, and an answer to be taken.</summary>
    public TimeSpan ReadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the handler may take; longer than any caller waits.</summary>
    public TimeSpan HandlerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection may stay that has not proved to be a silo's.</summary>
    public TimeSpan StrangerTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a silo's connection may stay without a request; longer than its client keeps one, so that the client
    /// closes first and no request meets a closing connection.
    /// </summary>
    public TimeSpan ConnectionIdle { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long requests under way are waited for when the server stops.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(1.5);
}
