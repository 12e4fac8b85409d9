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

    /// <summary>A message beyond the limit; it is not received, and its connection ends.</summary>
    Oversized,

    /// <summary>A greeting or message that did not come within its time; its connection ends.</summary>
    TooSlow,

    /// <summary>A greeting or message that ended early.</summary>
    BrokenOff,

    /// <summary>No room for the request, or for its many bytes.</summary>
    Overloaded,

    WrongVersion,

    /// <summary>Not of the form of our messages: too short, or an authenticated body that cannot be read.</summary>
    Malformed,

    Unauthenticated,

    Replayed,

    /// <summary>The message was ours, and working on it failed.</summary>
    Failed,

    /// <summary>The message was ours, and no answer was found in time.</summary>
    TimedOut,
}
