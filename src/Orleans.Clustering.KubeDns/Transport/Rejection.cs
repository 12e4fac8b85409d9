namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Why the discovery port turned somebody away. Each connection and each request is counted at most once; a request
/// that was refused may stand on a connection that is counted, too, when it ends.
/// </summary>
internal enum Rejection
{
    /// <summary>A connection that ended without a message of ours: scans, other protocols, silence.</summary>
    Stranger,

    /// <summary>A connection beyond those allowed, or displaced by a newer one for that reason.</summary>
    TooManyConnections,

    /// <summary>A request for something that is not here.</summary>
    NotFound,

    /// <summary>No body, or one that does not say how long it is.</summary>
    NoLength,

    /// <summary>A body beyond the limit; it is not received.</summary>
    Oversized,

    /// <summary>A body that did not come within its time.</summary>
    TooSlow,

    /// <summary>A body that ended early, or whose connection broke.</summary>
    BrokenOff,

    /// <summary>No room for the request, or for its large body.</summary>
    Overloaded,

    WrongVersion,

    /// <summary>Not of the form of our messages, be it in the headers or in an authenticated body.</summary>
    Malformed,

    /// <summary>A session that this process did not grant, or has forgotten: a silo opens another.</summary>
    UnknownSession,

    Unauthenticated,

    Replayed,

    /// <summary>The message was ours, and working on it failed.</summary>
    Failed,

    /// <summary>The message was ours, and no answer was found in time.</summary>
    TimedOut,
}
