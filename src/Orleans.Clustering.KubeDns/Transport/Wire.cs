namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>What a reply says of its request, in one octet.</summary>
internal enum Status : byte
{
    Ok = 1,
    NoReply,
    Malformed,
    Unauthenticated,
    WrongVersion,
    Oversized,
    Replayed,
    Overloaded,
    Failed,
    TimedOut,
}

/// <summary>
/// What goes over a connection between silos: three greetings of fixed size, then frames. Numbers are big-endian. Magic
/// and version stand where they stand for good, so that silos of any two versions can tell each other theirs.
/// <code>
/// hello    magic 4, version 1, nonce 16, code 32                    the one who connects
/// welcome  magic 4, version 1, status 1, session 16, code 32        the one who listens
/// proof    code 32                                                  the one who connects; then its frames:
/// request  length 4, counter 8, code 32, body
/// reply    length 4, counter 8, status 1, code 32, body             in any order
/// </code>
/// The length counts what follows it. A refusal's code is empty: it says nothing that has to be believed.
/// </summary>
internal static class Wire
{
    public const int HelloSize = 5 + Macs.NonceSize + Macs.Size;
    public const int WelcomeSize = 6 + Macs.NonceSize + Macs.Size;
    public const int LengthSize = 4;
    public const int CounterSize = 8;
    public const int RequestHeader = CounterSize + Macs.Size;
    public const int ReplyHeader = CounterSize + 1 + Macs.Size;

    // Up to this size a frame makes no claim on the room for large ones.
    public const int SmallFrame = 64 * 1024;

    public static ReadOnlySpan<byte> Magic => "KDNS"u8;

    /// <summary>The status that tells a rejection; nothing else is told.</summary>
    public static Status StatusOf(Rejection rejection) => rejection switch
    {
        Rejection.Oversized => Status.Oversized,
        Rejection.Overloaded => Status.Overloaded,
        Rejection.WrongVersion => Status.WrongVersion,
        Rejection.Unauthenticated => Status.Unauthenticated,
        Rejection.Replayed => Status.Replayed,
        Rejection.Failed => Status.Failed,
        Rejection.TimedOut => Status.TimedOut,
        _ => Status.Malformed,
    };
}
