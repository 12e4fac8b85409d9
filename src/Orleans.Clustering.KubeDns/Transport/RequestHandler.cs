using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// From a connection to the handler and back. First hello, welcome and proof: until they have passed, 85 octets are
/// read of the other side and no more. Then requests, each of which passes size, authentication, counter, room and
/// decoding; where one fails, a bare status says so and nothing else is told.
/// </summary>
internal sealed partial class RequestHandler(
    TransportOptions options,
    SecretFiles secrets,
    MessageHandler handler,
    TransportCounts counts,
    LogThrottle throttle,
    ILogger logger)
{
    private readonly WireCodec _codec = new(options.Limits);
    private readonly LargeFrames _room = new(options.MaxLargeFrameBytes);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _underWay;
    private volatile bool _isEnding;

    /// <summary>Speaks with one connection until it ends. Throws nothing.</summary>
    public async Task ServeAsync(ConnectionContext connection, StrangerWatch.Visit visit)
    {
        using var frames = new FrameReader(connection.Transport.Input, Wire.RequestHeader, options, _room);
        var talk = new Talk(connection, visit, new FrameWriter(connection.Transport.Output));
        try
        {
            if (await GreetAsync(talk, frames).ConfigureAwait(false) is not { } session) return;
            await AnswerAsync(talk, session, frames).ConfigureAwait(false);
        }
        catch (FrameException error)
        {
            await RefuseAsync(talk, frames, error).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ConnectionAbortedException)
        {
            // The client gave up, or its connection broke: nobody is left to be told.
        }
        catch (Exception error)
        {
            if (throttle.Pass("failed", out var leftOut)) LogFailed(error, talk.From, leftOut);
        }
    }

    /// <summary>Returns when no request is under way any more, or that time has passed.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        _isEnding = true;
        if (Volatile.Read(ref _underWay) == 0) return;
        try
        {
            await _drained.Task.WaitAsync(patience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The moment has passed; what is left ends with its connection.
        }
    }

    private async Task<Session?> GreetAsync(Talk talk, FrameReader frames)
    {
        if (await frames.ReadExactlyAsync(Wire.Magic.Length + 1).ConfigureAwait(false) is not { } start) return null;
        if (!start.AsSpan().StartsWith(Wire.Magic)) return null;
        talk.Visit.Recognise();
        var version = start[^1];
        if (version != WireCodec.Version) return await RefuseVersionAsync(talk, version).ConfigureAwait(false);
        var hello = await frames.ReadExactlyAsync(Macs.NonceSize + Macs.Size).ConfigureAwait(false)
            ?? throw new FrameException(Rejection.BrokenOff);
        var (nonce, code) = (hello[..Macs.NonceSize], hello[Macs.NonceSize..]);
        if (secrets.Now.All.FirstOrDefault(each => Macs.Same(each.Hello(nonce), code)) is not { } macs)
        {
            return await RefuseAuthenticationAsync(talk).ConfigureAwait(false);
        }

        var session = new Session(RandomNumberGenerator.GetBytes(Macs.NonceSize), macs);
        var welcome = Welcome(Status.Ok, session.Id, session.Macs.Welcome(code, session.Id));
        await WriteAsync(talk, welcome).ConfigureAwait(false);
        var proof = await frames.ReadExactlyAsync(Macs.Size).ConfigureAwait(false)
            ?? throw new FrameException(Rejection.BrokenOff);
        if (!Macs.Same(session.Macs.Proof(session.Id), proof))
        {
            return await RefuseAuthenticationAsync(talk).ConfigureAwait(false);
        }

        talk.Visit.Trust();
        return session;
    }

    private async Task AnswerAsync(Talk talk, Session session, FrameReader frames)
    {
        long last = 0;
        while (await frames.ReadFrameAsync().ConfigureAwait(false) is { } frame)
        {
            talk.Visit.Use();
            var request = new Request(
                BinaryPrimitives.ReadInt64BigEndian(frame),
                frame.AsMemory(Wire.CounterSize, Macs.Size),
                frame.AsMemory(Wire.RequestHeader));
            if (Check(session, request, last) is { } rejection)
            {
                await RejectAsync(talk, request.Counter, rejection).ConfigureAwait(false);
                continue;
            }

            last = request.Counter;
            _ = DeliverAsync(talk, session, request);
        }
    }

    private Rejection? Check(Session session, Request request, long last)
    {
        var code = session.Macs.Request(session.Id, request.Counter, request.Body.Span);
        if (!Macs.Same(code, request.Code.Span) || !secrets.Now.Hold(session.Macs))
            return Rejection.Unauthenticated;
        return request.Counter > last ? null : Rejection.Replayed;
    }

    // Returns at the first wait, so the next request is read meanwhile.
    private async Task DeliverAsync(Talk talk, Session session, Request request)
    {
        Interlocked.Increment(ref _underWay);
        var mine = Interlocked.Increment(ref talk.UnderWay);
        try
        {
            if (mine > 2 * options.MaxInFlightPerPeer || _underWay > options.MaxConcurrentRequests)
                await RejectAsync(talk, request.Counter, Rejection.Overloaded).ConfigureAwait(false);
            else
                await HandleAsync(talk, session, request).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ConnectionAbortedException)
        {
            // The client takes no answer, or not in time.
            talk.Connection.Abort(new ConnectionAbortedException("No answer can be sent."));
        }
        finally
        {
            Interlocked.Decrement(ref talk.UnderWay);
            if (Interlocked.Decrement(ref _underWay) == 0 && _isEnding) _drained.TrySetResult();
        }
    }

    private async Task HandleAsync(Talk talk, Session session, Request request)
    {
        var (reply, rejection) = await WorkAsync(talk, session, request).ConfigureAwait(false);
        if (rejection is { } reason) await RejectAsync(talk, request.Counter, reason).ConfigureAwait(false);
        else await WriteAsync(talk, reply).ConfigureAwait(false);
    }

    // Apart from the writing, whose failures are the connection's and not the handler's.
    private async Task<(byte[] Reply, Rejection? Rejection)> WorkAsync(Talk talk, Session session, Request request)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(talk.Connection.ConnectionClosed);
        limit.CancelAfter(options.HandlerTimeout);
        try
        {
            var message = _codec.Decode(request.Body.Span);
            var reply = await handler(message, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            var status = reply is null ? Status.NoReply : Status.Ok;
            var body = reply is null ? [] : _codec.Encode(reply);
            var code = session.Macs.Reply(request.Code.Span, status, body);
            return (FrameWriter.Reply(request.Counter, status, code, body), null);
        }
        catch (WireFormatException error)
        {
            if (throttle.Pass("malformed", out var leftOut)) LogMalformed(talk.From, error.Message, leftOut);
            return ([], Rejection.Malformed);
        }
        catch (OperationCanceledException) when (!talk.Connection.ConnectionClosed.IsCancellationRequested)
        {
            return ([], Rejection.TimedOut);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            if (throttle.Pass("failed", out var leftOut)) LogFailed(error, talk.From, leftOut);
            return ([], Rejection.Failed);
        }
    }

    // Who takes no answers for so long is not waited for.
    private async Task WriteAsync(Talk talk, byte[] bytes)
    {
        using var limit = new CancellationTokenSource(options.ReadTimeout);
        await talk.Writer.WriteAsync(() => bytes, limit.Token).ConfigureAwait(false);
    }

    private Task RejectAsync(Talk talk, long counter, Rejection rejection)
    {
        counts.Reject(rejection);
        if (rejection == Rejection.Unauthenticated) NoteAuthentication(talk);
        if (rejection == Rejection.Replayed && throttle.Pass("replay", out var leftOut)) LogReplay(talk.From, leftOut);
        return WriteAsync(talk, FrameWriter.Reply(counter, Wire.StatusOf(rejection), [], []));
    }

    // What is no frame leaves nothing that could be read after it.
    private async Task RefuseAsync(Talk talk, FrameReader frames, FrameException error)
    {
        try
        {
            if (error.Counter is { } counter)
            {
                await RejectAsync(talk, counter, error.Reason).ConfigureAwait(false);
                await frames.DiscardAsync().ConfigureAwait(false);
            }
            else if (talk.Visit.IsKnown)
            {
                counts.Reject(error.Reason);
            }
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException or FrameException)
        {
            // Nobody is left to be told.
        }
    }

    private async Task<Session?> RefuseAuthenticationAsync(Talk talk)
    {
        counts.Reject(Rejection.Unauthenticated);
        NoteAuthentication(talk);
        await WriteAsync(talk, Welcome(Status.Unauthenticated, [], [])).ConfigureAwait(false);
        return null;
    }

    private void NoteAuthentication(Talk talk)
    {
        counts.AuthFailed();
        if (throttle.Pass("authentication", out var leftOut))
            LogAuthenticationFailed(TransportTexts.AuthenticationFailed($"The silo at {talk.From}"), leftOut);
    }

    private async Task<Session?> RefuseVersionAsync(Talk talk, int theirs)
    {
        counts.Reject(Rejection.WrongVersion);
        counts.WrongVersion();
        if (throttle.Pass("version", out var leftOut))
            LogWrongVersion(TransportTexts.WrongVersion($"The sender at {talk.From}", theirs), leftOut);
        await WriteAsync(talk, Welcome(Status.WrongVersion, [], [])).ConfigureAwait(false);
        return null;
    }

    private static byte[] Welcome(Status status, ReadOnlySpan<byte> session, ReadOnlySpan<byte> code)
    {
        var bytes = new byte[Wire.WelcomeSize];
        Wire.Magic.CopyTo(bytes);
        (bytes[4], bytes[5]) = (WireCodec.Version, (byte)status);
        session.CopyTo(bytes.AsSpan(6));
        code.CopyTo(bytes.AsSpan(6 + Macs.NonceSize));
        return bytes;
    }

    private sealed record Session(byte[] Id, Macs Macs);

    private sealed record Request(long Counter, ReadOnlyMemory<byte> Code, ReadOnlyMemory<byte> Body);

    private sealed class Talk(ConnectionContext connection, StrangerWatch.Visit visit, FrameWriter writer)
    {
        public int UnderWay;

        public ConnectionContext Connection => connection;

        public StrangerWatch.Visit Visit => visit;

        public FrameWriter Writer => writer;

        public EndPoint? From => connection.RemoteEndPoint;
    }

    [LoggerMessage(7320, LogLevel.Error, "AuthenticationFailed: {Text} ({LeftOut} more since the last such line)")]
    private partial void LogAuthenticationFailed(string text, int leftOut);

    [LoggerMessage(7321, LogLevel.Error, "ProtocolMismatch: {Text} ({LeftOut} more since the last such line)")]
    private partial void LogWrongVersion(string text, int leftOut);

    [LoggerMessage(7322, LogLevel.Warning, "A message from {From} came again, or too late for its session, and was " +
        "refused ({LeftOut} more since the last such line).")]
    private partial void LogReplay(EndPoint? from, int leftOut);

    [LoggerMessage(7323, LogLevel.Warning, "An authenticated message from {From}, or the reply to it, is not of the " +
        "wire format: {Reason} ({LeftOut} more since the last such line)")]
    private partial void LogMalformed(EndPoint? from, string reason, int leftOut);

    [LoggerMessage(7324, LogLevel.Error, "Handling a message from {From} failed ({LeftOut} more since the last).")]
    private partial void LogFailed(Exception error, EndPoint? from, int leftOut);
}
