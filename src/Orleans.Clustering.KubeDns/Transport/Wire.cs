namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>The HTTP side of the protocol: paths, headers, and the statuses that mean something here.</summary>
internal static class Wire
{
    public const string SessionPath = "/session";
    public const string MessagePath = "/message";
    public const string SessionHeader = "kdns-session";
    public const string CounterHeader = "kdns-counter";
    public const string MacHeader = "kdns-mac";
    public const string VersionHeader = "kdns-version";

    public const int Ok = 200;
    public const int NoReply = 204;
    public const int Malformed = 400;
    public const int Unauthenticated = 403;
    public const int NotFound = 404;
    public const int TooSlow = 408;
    public const int Replayed = 409;
    public const int UnknownSession = 410;
    public const int LengthRequired = 411;
    public const int TooLarge = 413;
    public const int WrongVersion = 426;
    public const int HandlerFailed = 500;
    public const int Overloaded = 503;
    public const int HandlerTimedOut = 504;

    // Up to this size a body is received in one piece of memory, and no claim is made on the room for large ones.
    public const int SmallBody = 64 * 1024;

    /// <summary>The status that tells a rejection; nothing else is told.</summary>
    public static int Status(Rejection rejection) => rejection switch
    {
        Rejection.NotFound => NotFound,
        Rejection.NoLength => LengthRequired,
        Rejection.Oversized => TooLarge,
        Rejection.TooSlow => TooSlow,
        Rejection.Overloaded or Rejection.TooManyConnections => Overloaded,
        Rejection.WrongVersion => WrongVersion,
        Rejection.UnknownSession => UnknownSession,
        Rejection.Unauthenticated => Unauthenticated,
        Rejection.Replayed => Replayed,
        Rejection.Failed => HandlerFailed,
        Rejection.TimedOut => HandlerTimedOut,
        _ => Malformed,
    };

    /// <summary>
    /// Reads a code or number of <paramref name="size"/> bytes from a header, where it stands as base 64: HTTP/2 as
    /// .NET speaks it repeats all headers with every message.
    /// </summary>
    public static byte[]? FromHeader(string? text, int size)
    {
        if (text?.Length != (size + 2) / 3 * 4) return null;
        var bytes = new byte[size];
        return Convert.TryFromBase64String(text, bytes, out var written) && written == size ? bytes : null;
    }

    /// <summary>
    /// Reads a body of at most <paramref name="max"/> bytes; null if it is longer. Memory grows with what has come, not
    /// with what was announced.
    /// </summary>
    public static async Task<byte[]?> ReadAsync(Stream stream, long announced, int max, CancellationToken cancellation)
    {
        if (announced > max) return null;
        var buffer = new byte[(int)Math.Min(announced, SmallBody)];
        var length = 0;
        while (length < announced)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, (int)Math.Min(announced, 2L * buffer.Length));
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellation).ConfigureAwait(false);
            if (read == 0) throw new IOException("The body ended early.");
            length += read;
        }

        return buffer;
    }
}
