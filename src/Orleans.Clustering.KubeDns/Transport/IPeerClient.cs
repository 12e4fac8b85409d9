using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>What became of one send.</summary>
internal enum Delivery
{
    /// <summary>The peer answered; the envelope holds what.</summary>
    Replied,

    /// <summary>The peer took it and has nothing to say.</summary>
    NoReply,

    /// <summary>The connection attempt was refused: nothing listens there, or something imitates that.</summary>
    Refused,

    /// <summary>The connection broke, or the peer failed: whether it acted on the message is unknown.</summary>
    Reset,

    /// <summary>Nothing came by the deadline, or no way leads there.</summary>
    TimedOut,

    /// <summary>KDNS313: one side refused the other's code.</summary>
    Unauthenticated,

    /// <summary>KDNS315.</summary>
    WrongVersion,

    /// <summary>What answers there does not speak this protocol, or a message exceeds its limits.</summary>
    Malformed,

    /// <summary>Too many requests to this peer are under way, or it says so itself. It did not act.</summary>
    Overloaded,
}

/// <summary>The outcome; <c>Envelope</c> is there exactly when it is <see cref="Delivery.Replied"/>.</summary>
internal sealed record PeerReply(Delivery Outcome, Envelope? Envelope, string Detail);

/// <summary>Sends messages to peers. Any number of sends may run at once; none holds up another peer's.</summary>
internal interface IPeerClient : IAsyncDisposable
{
    /// <summary>
    /// Sends once and waits for the reply until the deadline. Network faults are outcomes, not exceptions; throws
    /// <see cref="OperationCanceledException"/> only, when <paramref name="ct"/> is cancelled.
    /// </summary>
    Task<PeerReply> SendAsync(PeerAddress to, Envelope request, TimeSpan deadline, CancellationToken ct);
}
