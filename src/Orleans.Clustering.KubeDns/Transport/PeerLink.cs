using System.Globalization;
using System.Security.Cryptography;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// What this client keeps of one peer: its session there and its connection. The session is the receiving process'
/// and outlives connections; a connection that fell silent or broke is replaced by the next send.
/// </summary>
internal sealed class PeerLink(
    PeerAddress address,
    TransportOptions options,
    WireCodec codec,
    SecretFiles secrets,
    TransportCounts counts,
    TimeProvider time) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _opening = new(1);
    private PeerConnection _connection = new(address, options, time);
    private ClientSession? _session;

    public PeerAddress Address => address;

    /// <summary>Sends under way, and when the last one ended; both are the client's to keep.</summary>
    public int InFlight { get; set; }

    public long LastUsed { get; set; } = time.GetTimestamp();

    public void Dispose()
    {
        lock (_lock) _connection.Retire();
    }

    /// <summary>One send; once more where the peer refused the session, since then it did not act.</summary>
    public async Task<PeerReply> ExchangeAsync(byte[] body, CancellationToken cancellation)
    {
        for (var again = true; ; again = false)
        {
            var (session, failure) = await SessionAsync(cancellation).ConfigureAwait(false);
            if (session is null) return failure!;
            var counter = session.NextCounter();
            var mac = Macs.Message(session.Key, session.Id, counter, body);
            var answer = await PostAsync(Wire.MessagePath, body, mac, (session, counter), cancellation)
                .ConfigureAwait(false);
            if (again && answer.Status is Wire.UnknownSession or Wire.Unauthenticated)
            {
                Forget(session);
                continue;
            }

            return Judge(answer, session.Key, mac);
        }
    }

    // Whoever waits here has a deadline of its own, so one send's short deadline fails no other.
    private async Task<(ClientSession?, PeerReply?)> SessionAsync(CancellationToken cancellation)
    {
        if (Known() is { } known) return (known, null);
        await _opening.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (Known() is { } meanwhile) return (meanwhile, null);
            var (session, failure) = await OpenAsync(cancellation).ConfigureAwait(false);
            if (session is not null) Volatile.Write(ref _session, session);
            return (session, failure);
        }
        finally
        {
            _opening.Release();
        }
    }

    private ClientSession? Known() =>
        Volatile.Read(ref _session) is { } session && secrets.Now.Holds(session.Key) ? session : null;

    private void Forget(ClientSession session) => Interlocked.CompareExchange(ref _session, null, session);

    /// <summary>
    /// Signs with the current secret; where the peer does not know it yet, with the previous one, so that a rotation
    /// may reach the silos one after another.
    /// </summary>
    private async Task<(ClientSession?, PeerReply?)> OpenAsync(CancellationToken cancellation)
    {
        PeerReply? failure = null;
        foreach (var key in secrets.Now.Keys)
        {
            byte[] body = [WireCodec.Version, .. RandomNumberGenerator.GetBytes(Macs.NonceSize)];
            var mac = Macs.Opening(key, body.AsSpan(1));
            var answer = await PostAsync(Wire.SessionPath, body, mac, null, cancellation).ConfigureAwait(false);
            if (answer.Status == Wire.Ok && answer.Body.Length == 1 + Macs.NonceSize)
            {
                var id = answer.Body[1..];
                return Macs.Same(answer.Mac, Macs.Opened(key, mac, id))
                    ? (new ClientSession(id, key), null)
                    : (null, NotAuthenticated());
            }

            failure = answer.Status is Wire.Ok or Wire.NoReply
                ? new PeerReply(Delivery.Malformed, null, $"{address} granted a session of another form.")
                : Judge(answer, key, mac);
            if (failure.Outcome != Delivery.Unauthenticated) break;
        }

        return (null, failure);
    }

    private PeerReply Judge(HttpAnswer answer, byte[] key, byte[] mac) => answer.Status switch
    {
        Wire.Ok or Wire.NoReply => Open(answer, key, mac),
        Wire.Unauthenticated => NotAuthenticated(),
        Wire.WrongVersion => NotOurVersion(answer.Version),
        Wire.Overloaded => Failed(Delivery.Overloaded, "is overloaded"),
        Wire.TooSlow => Failed(Delivery.TimedOut, "received the message too slowly"),
        Wire.HandlerTimedOut => Failed(Delivery.TimedOut, "did not work it out in time"),
        Wire.HandlerFailed => Failed(Delivery.Reset, "failed on the message"),
        Wire.Replayed => Failed(Delivery.Reset, "has had this message before, or it came too late"),
        Wire.UnknownSession => Failed(Delivery.Reset, "forgets sessions as fast as it grants them"),
        0 => Failed(answer.Failure, answer.Reason),
        _ => Failed(Delivery.Malformed, $"answered with status {answer.Status}"),
    };

    private PeerReply Open(HttpAnswer answer, byte[] key, byte[] mac)
    {
        if (!Macs.Same(answer.Mac, Macs.Reply(key, mac, answer.Status, answer.Body))) return NotAuthenticated();
        if (answer.Status == Wire.NoReply) return new PeerReply(Delivery.NoReply, null, "");
        try
        {
            return new PeerReply(Delivery.Replied, codec.Decode(answer.Body), "");
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

    private async Task<HttpAnswer> PostAsync(
        string path,
        byte[] body,
        byte[] mac,
        (ClientSession Session, long Counter)? place,
        CancellationToken cancellation)
    {
        if (Acquire() is not { } connection) return HttpAnswer.None(Delivery.Reset, "is not spoken to any more");
        var begun = time.GetTimestamp();
        var headers = new List<KeyValuePair<string, string>>
        {
            new(Wire.MacHeader, Convert.ToBase64String(mac)),
        };
        if (place is var (session, counter))
        {
            headers.Add(new(Wire.SessionHeader, Convert.ToBase64String(session.Id)));
            headers.Add(new(Wire.CounterHeader, counter.ToString(CultureInfo.InvariantCulture)));
        }

        try
        {
            var answer = await connection.PostAsync(path, body, headers, cancellation).ConfigureAwait(false);
            if (answer.Status == 0) Replace(connection);
            return answer;
        }
        catch (OperationCanceledException)
        {
            // Nothing at all came over it meanwhile: the way there may be cut, and TCP would wait long to try again.
            if (!connection.AnsweredSince(begun)) Replace(connection);
            throw;
        }
    }

    // Under the lock, so that the connection taken is not replaced before it is in use. None: the client has closed.
    private PeerConnection? Acquire()
    {
        lock (_lock) return _connection.Enter() ? _connection : null;
    }

    private void Replace(PeerConnection broken)
    {
        lock (_lock)
        {
            if (_connection != broken) return;
            _connection = new PeerConnection(address, options, time);
        }

        broken.Retire();
    }

    private sealed class ClientSession(byte[] id, byte[] key)
    {
        private long _counter;

        public byte[] Id => id;

        public byte[] Key => key;

        public long NextCounter() => Interlocked.Increment(ref _counter);
    }
}
