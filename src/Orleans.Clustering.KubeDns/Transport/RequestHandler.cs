using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// From an HTTP request to the handler and back. A request passes, in this order: path, room, size, protocol version,
/// session, authentication, counter, decoding; where it fails, a bare status says so and nothing else is told.
/// </summary>
internal sealed partial class RequestHandler(
    TransportOptions options,
    SecretFiles secrets,
    MessageHandler handler,
    StrangerWatch strangers,
    TransportCounts counts,
    LogThrottle throttle,
    TimeProvider time,
    ILogger logger)
{
    private readonly WireCodec _codec = new(options.Limits);
    private readonly Sessions _sessions = new(options, time);
    private long _largeBytes;
    private int _trusted;
    private int _untrusted;

    public async Task HandleAsync(HttpContext context)
    {
        var trusted = StrangerWatch.IsTrusted(context);
        try
        {
            if (!Enter(trusted)) Reject(context, Rejection.Overloaded);
            else await RouteAsync(context).ConfigureAwait(false);
        }
        catch (BadHttpRequestException error)
        {
            // Kestrel's own limits: too large, too slow.
            Reject(context, Reason(error));
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            // The client gave up, or its connection broke: nobody is left to be told.
        }
        finally
        {
            if (trusted) Interlocked.Decrement(ref _trusted);
            else Interlocked.Decrement(ref _untrusted);
        }
    }

    // Two rooms: whoever sends slow bodies and nothing authentic must not keep those out that did.
    private bool Enter(bool trusted) => trusted
        ? Interlocked.Increment(ref _trusted) <= options.MaxConcurrentRequests
        : Interlocked.Increment(ref _untrusted) <= options.MaxUntrustedRequests;

    private Task RouteAsync(HttpContext context)
    {
        var isPost = HttpMethods.IsPost(context.Request.Method);
        var path = context.Request.Path;
        if (isPost && path == Wire.SessionPath) return ReceiveAsync(context, OpenAsync);
        if (isPost && path == Wire.MessagePath) return ReceiveAsync(context, AnswerAsync);
        strangers.Report(Remote(context), "request for something else");
        Reject(context, Rejection.NotFound);
        return Task.CompletedTask;
    }

    private async Task ReceiveAsync(HttpContext context, Func<HttpContext, byte[], Task> next)
    {
        var length = context.Request.ContentLength;
        if (length is null or <= 0 || length > options.Limits.MaxBytes)
        {
            strangers.Report(Remote(context), "request without a body of an allowed size");
            Reject(context, length > 0 ? Rejection.Oversized : Rejection.NoLength);
            return;
        }

        if (await ReadBodyAsync(context, length.Value).ConfigureAwait(false) is not { } body) return;
        if (body[0] != WireCodec.Version)
        {
            RejectVersion(context, body[0]);
            return;
        }

        await next(context, body).ConfigureAwait(false);
    }

    private async Task<byte[]?> ReadBodyAsync(HttpContext context, long length)
    {
        var large = length > Wire.SmallBody ? length : 0;
        using var limit = Deadline(context, options.ReadTimeout);
        try
        {
            if (Interlocked.Add(ref _largeBytes, large) <= options.MaxLargeBodyBytes || large == 0)
            {
                return await Wire.ReadAsync(context.Request.Body, length, options.Limits.MaxBytes, limit.Token)
                    .ConfigureAwait(false);
            }

            Reject(context, Rejection.Overloaded);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            Reject(context, Rejection.TooSlow);
        }
        catch (Exception error) when (error is IOException or OperationCanceledException)
        {
            Reject(context, error is BadHttpRequestException bad ? Reason(bad) : Rejection.BrokenOff);
        }
        finally
        {
            Interlocked.Add(ref _largeBytes, -large);
        }

        return null;
    }

    private Task OpenAsync(HttpContext context, byte[] body)
    {
        if (body.Length != 1 + Macs.NonceSize || Header(context, Wire.MacHeader, Macs.Size) is not { } mac)
        {
            return RejectMalformed(context, "session request of another form");
        }

        StrangerWatch.Recognise(context);
        if (secrets.Now.Verify(mac, key => Macs.Opening(key, body.AsSpan(1))) is not { } key)
        {
            return RejectAuthentication(context);
        }

        StrangerWatch.Trust(context);
        byte[] reply = [WireCodec.Version, .. _sessions.Open().Id.ToByteArray(bigEndian: true)];
        return ReplyAsync(context, Wire.Ok, reply, Macs.Opened(key, mac, reply.AsSpan(1)));
    }

    private Task AnswerAsync(HttpContext context, byte[] body)
    {
        var headers = context.Request.Headers;
        if (Header(context, Wire.MacHeader, Macs.Size) is not { } mac
            || Header(context, Wire.SessionHeader, Macs.NonceSize) is not { } id
            || !long.TryParse(headers[Wire.CounterHeader], CultureInfo.InvariantCulture, out var counter))
        {
            return RejectMalformed(context, "message without session, counter or code");
        }

        StrangerWatch.Recognise(context);
        if (_sessions.Find(new Guid(id, bigEndian: true)) is not { } session)
        {
            Reject(context, Rejection.UnknownSession);
            return Task.CompletedTask;
        }

        if (secrets.Now.Verify(mac, key => Macs.Message(key, id, counter, body)) is not { } key)
        {
            return RejectAuthentication(context);
        }

        StrangerWatch.Trust(context);
        _sessions.Touch(session);
        if (session.Window.TryUse(counter)) return DeliverAsync(context, body, mac, key);
        if (throttle.Pass("replay", out var leftOut)) LogReplay(Remote(context), leftOut);
        Reject(context, Rejection.Replayed);
        return Task.CompletedTask;
    }

    private async Task DeliverAsync(HttpContext context, byte[] body, byte[] mac, byte[] key)
    {
        using var limit = Deadline(context, options.HandlerTimeout);
        try
        {
            var request = _codec.Decode(body);
            var reply = await handler(request, limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
            var status = reply is null ? Wire.NoReply : Wire.Ok;
            var bytes = reply is null ? [] : _codec.Encode(reply);
            await ReplyAsync(context, status, bytes, Macs.Reply(key, mac, status, bytes)).ConfigureAwait(false);
        }
        catch (WireFormatException error)
        {
            if (throttle.Pass("malformed", out var leftOut)) LogMalformed(Remote(context), error.Message, leftOut);
            Reject(context, Rejection.Malformed);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            Reject(context, Rejection.TimedOut);
        }
        catch (Exception error) when (error is not (OperationCanceledException or IOException))
        {
            if (throttle.Pass("failed", out var leftOut)) LogFailed(error, Remote(context), leftOut);
            Reject(context, Rejection.Failed);
        }
    }

    private static async Task ReplyAsync(HttpContext context, int status, byte[] body, byte[] mac)
    {
        context.Response.StatusCode = status;
        context.Response.Headers[Wire.MacHeader] = Convert.ToBase64String(mac);
        if (body.Length == 0) return;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted).ConfigureAwait(false);
    }

    private void Reject(HttpContext context, Rejection rejection)
    {
        counts.Reject(rejection);
        if (!context.Response.HasStarted) context.Response.StatusCode = Wire.Status(rejection);
    }

    private static Rejection Reason(BadHttpRequestException error) => error.StatusCode switch
    {
        Wire.TooSlow => Rejection.TooSlow,
        Wire.TooLarge => Rejection.Oversized,
        _ => Rejection.BrokenOff,
    };

    private Task RejectMalformed(HttpContext context, string what)
    {
        strangers.Report(Remote(context), what);
        Reject(context, Rejection.Malformed);
        return Task.CompletedTask;
    }

    private Task RejectAuthentication(HttpContext context)
    {
        counts.AuthFailed();
        if (throttle.Pass("authentication", out var leftOut))
        {
            LogAuthenticationFailed(TransportTexts.AuthenticationFailed($"The silo at {Remote(context)}"), leftOut);
        }

        Reject(context, Rejection.Unauthenticated);
        return Task.CompletedTask;
    }

    private void RejectVersion(HttpContext context, int theirs)
    {
        StrangerWatch.Recognise(context);
        counts.WrongVersion();
        if (throttle.Pass("version", out var leftOut))
        {
            LogWrongVersion(TransportTexts.WrongVersion($"The sender at {Remote(context)}", theirs), leftOut);
        }

        context.Response.Headers[Wire.VersionHeader] = WireCodec.Version.ToString(CultureInfo.InvariantCulture);
        Reject(context, Rejection.WrongVersion);
    }

    private static byte[]? Header(HttpContext context, string name, int size) =>
        Wire.FromHeader(context.Request.Headers[name], size);

    private CancellationTokenSource Deadline(HttpContext context, TimeSpan limit)
    {
        var source = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        source.CancelAfter(limit);
        return source;
    }

    private static IPEndPoint Remote(HttpContext context) =>
        new(context.Connection.RemoteIpAddress ?? IPAddress.None, context.Connection.RemotePort);

    [LoggerMessage(7320, LogLevel.Error, "AuthenticationFailed: {Text} ({LeftOut} more since the last such line)")]
    private partial void LogAuthenticationFailed(string text, int leftOut);

    [LoggerMessage(7321, LogLevel.Error, "ProtocolMismatch: {Text} ({LeftOut} more since the last such line)")]
    private partial void LogWrongVersion(string text, int leftOut);

    [LoggerMessage(7322, LogLevel.Warning, "A message from {From} came again, or too late for its session, and was " +
        "refused ({LeftOut} more since the last such line).")]
    private partial void LogReplay(IPEndPoint from, int leftOut);

    [LoggerMessage(7323, LogLevel.Warning, "An authenticated message from {From}, or the reply to it, is not of the " +
        "wire format: {Reason} ({LeftOut} more since the last such line)")]
    private partial void LogMalformed(IPEndPoint from, string reason, int leftOut);

    [LoggerMessage(7324, LogLevel.Error, "Handling a message from {From} failed ({LeftOut} more since the last).")]
    private partial void LogFailed(Exception error, IPEndPoint from, int leftOut);
}
