using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// What this client knows of one peer: the connection to it. One that fell silent, broke, or speaks by a secret that is
/// accepted no more is replaced by the next send.
/// </summary>
internal sealed class PeerLink(
    PeerAddress address,
    TransportOptions options,
    WireCodec codec,
    SecretFiles secrets,
    SocketConnectionContextFactory sockets,
    TransportCounts counts,
    TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dialer _dialer = new(address, options, secrets, sockets);
    private volatile PeerConnection? _connection;
    private bool _closed;

    public PeerAddress Address => address;

    /// <summary>Sends under way, and when the last one ended; both are the client's to keep.</summary>
    public int InFlight { get; set; }

    public long LastUsed { get; set; } = time.GetTimestamp();

    public void Dispose()
    {
        lock (_lock) _closed = true;
        if (_connection is { } last) Replace(last);
    }

    /// <summary>One send; once more where the peer refused the secret, since then it did not act.</summary>
    public async Task<PeerReply> ExchangeAsync(byte[] body, CancellationToken cancellation)
    {
        var answer = await AskAsync(body, cancellation).ConfigureAwait(false);
        if (answer.Status == Status.Unauthenticated) answer = await AskAsync(body, cancellation).ConfigureAwait(false);
        return Judge(answer);
    }

    private async Task<WireAnswer> AskAsync(byte[] body, CancellationToken cancellation)
    {
        if (Acquire() is not { } connection) return WireAnswer.None(Delivery.Reset, "is not spoken to any more");
        var begun = time.GetTimestamp();
        try
        {
            var answer = await connection.AskAsync(body, cancellation).ConfigureAwait(false);
            if (EndsConnection(answer.Status, body)) Replace(connection);
            return answer;
        }
        catch (OperationCanceledException)
        {
            // Nothing at all came over it meanwhile: the way there may be cut, and TCP would wait long to try again.
            if (!connection.AnsweredSince(begun)) Replace(connection);
            throw;
        }
    }

    // A frame that was too large to be received has ended its connection, whether or not that is known here yet.
    private static bool EndsConnection(Status? status, byte[] body) =>
        status is null or Status.Unauthenticated or Status.Oversized
        || (status == Status.Overloaded && body.Length > Wire.SmallFrame - Wire.RequestHeader);

    // Under the lock, so that the connection taken is not replaced before it is in use. None: the client has closed.
    private PeerConnection? Acquire()
    {
        if (_connection is { IsOver: true } over) Replace(over);
        lock (_lock)
        {
            if (_closed) return null;
            _connection ??= new PeerConnection(_dialer, options, secrets, time);
            return _connection.Enter() ? _connection : null;
        }
    }

    private void Replace(PeerConnection broken)
    {
        lock (_lock)
        {
            if (_connection != broken) return;
            _connection = null;
        }

        broken.Retire();
    }

    private PeerReply Judge(WireAnswer answer) => answer.Status switch
    {
        Status.Ok => Open(answer),
        Status.NoReply => new PeerReply(Delivery.NoReply, null, ""),
        Status.Unauthenticated => NotAuthenticated(),
        Status.WrongVersion => NotOurVersion(answer.Version),
        Status.Overloaded => Failed(Delivery.Overloaded, "is overloaded"),
        Status.TimedOut => Failed(Delivery.TimedOut, "did not work it out in time"),
        Status.Failed => Failed(Delivery.Reset, "failed on the message"),
        Status.Replayed => Failed(Delivery.Reset, "has had this message before"),
        null when answer.Failure == Delivery.Unauthenticated => NotAuthenticated(),
        null => Failed(answer.Failure, answer.Reason),
        _ => Failed(Delivery.Malformed, $"answered with status {answer.Status}"),
    };

    private PeerReply Open(WireAnswer answer)
    {
        try
        {
            return new PeerReply(Delivery.Replied, codec.Decode(answer.Body.Span), "");
        }
        catch (WireFormatException error)
        {
            return error.ForeignVersion is { } version
                ? NotOurVersion(version)
                : Failed(Delivery.Malformed, error.Message);
        }
    }

    private PeerReply NotAuthenticated()
    {
        counts.AuthFailed();
        return new PeerReply(Delivery.Unauthenticated, null, TransportTexts.AuthenticationFailed($"{address}"));
    }

    private PeerReply NotOurVersion(int? theirs)
    {
        counts.WrongVersion();
        return new PeerReply(Delivery.WrongVersion, null, TransportTexts.WrongVersion($"{address}", theirs));
    }

    private PeerReply Failed(Delivery outcome, string what) => new(outcome, null, $"{address} {what}.");
}
