using System.Buffers.Binary;
using System.Collections.Concurrent;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>What came back, or (no <c>Status</c>) why nothing did that can be believed.</summary>
internal sealed record WireAnswer(
    Status? Status, ReadOnlyMemory<byte> Body, int? Version = null, Delivery Failure = default, string Reason = "")
{
    public static WireAnswer None(Delivery failure, string reason) => new(null, default, null, failure, reason);
}

/// <summary>
/// One connection to one peer. It is opened by the first request and serves until it breaks or is retired; requests
/// under way on it end on it, or with it.
/// </summary>
internal sealed class PeerConnection(Dialer dialer, TransportOptions options, SecretFiles secrets, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<long, Waiting> _waiting = new();
    private Task<WireAnswer?>? _opening;
    private volatile Line? _line;
    private volatile WireAnswer? _end;
    private long _counter;
    private long _answeredAt = long.MinValue;
    private int _users;
    private bool _retired;

    /// <summary>It serves no more, or by a secret that is accepted no more.</summary>
    public bool IsOver => _end is not null || (_line is { } line && !secrets.Now.Hold(line.Macs));

    /// <summary>Whether any answer came over this connection at or after that moment.</summary>
    public bool AnsweredSince(long timestamp) => Interlocked.Read(ref _answeredAt) >= timestamp;

    /// <summary>No new request will come: close when the last one under way has ended.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            if (_retired) return;
            _retired = true;
            if (_users > 0) return;
        }

        End(NotSpokenTo);
    }

    /// <summary>Takes part in this connection; false once it is retired. The request that follows ends it.</summary>
    public bool Enter()
    {
        lock (_lock)
        {
            if (_retired) return false;
            _users++;
            return true;
        }
    }

    /// <summary>After <see cref="Enter"/>. Throws only <see cref="OperationCanceledException"/>.</summary>
    public async Task<WireAnswer> AskAsync(byte[] body, CancellationToken cancellation)
    {
        try
        {
            var failure = await OpenedAsync().WaitAsync(cancellation).ConfigureAwait(false);
            return failure ?? await ExchangeAsync(_line!, body, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested)
        {
            return Faults.Classify(error);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // What breaks while a request is being cancelled is not the peer's doing.
            throw new OperationCanceledException(error.Message, error, cancellation);
        }
        finally
        {
            Leave();
        }
    }

    private static WireAnswer NotSpokenTo => WireAnswer.None(Delivery.Reset, "is not spoken to any more");

    private void Leave()
    {
        lock (_lock)
        {
            if (--_users > 0 || !_retired) return;
        }

        End(NotSpokenTo);
    }

    // One attempt for all who wait, on its own time: one's short deadline fails no other.
    private Task<WireAnswer?> OpenedAsync()
    {
        lock (_lock) return _opening ??= OpenAsync();
    }

    private async Task<WireAnswer?> OpenAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        limit.CancelAfter(options.ConnectTimeout);
        try
        {
            var (line, refusal) = await dialer.DialAsync(limit.Token).ConfigureAwait(false);
            if (line is null) return End(refusal!);
            Interlocked.Exchange(ref _line, line);
            _ = ReceiveAsync(line);
            // Retired in the meantime, by one who saw no line yet that could be ended.
            if (_end is not null) line.Context.Abort();
            return _end;
        }
        catch (Exception error)
        {
            return End(Faults.Classify(error));
        }
    }

    private async Task<WireAnswer> ExchangeAsync(Line line, byte[] body, CancellationToken cancellation)
    {
        var waiting = new Waiting();
        await using var limit = cancellation.UnsafeRegister(
            static (waiting, token) => ((Waiting)waiting!).TrySetCanceled(token), waiting);
        try
        {
            await line.Writer.WriteAsync(() => Request(line, waiting, body), cancellation).ConfigureAwait(false);
            return await waiting.Task.ConfigureAwait(false);
        }
        finally
        {
            _waiting.TryRemove(waiting.Counter, out _);
        }
    }

    // In the writer's turn, so that counters go out in their order.
    private byte[] Request(Line line, Waiting waiting, byte[] body)
    {
        waiting.Counter = ++_counter;
        waiting.Code = line.Macs.Request(line.Session, waiting.Counter, body);
        _waiting[waiting.Counter] = waiting;
        if (_end is { } end) waiting.TrySetResult(end);
        return FrameWriter.Request(waiting.Counter, waiting.Code, body);
    }

    private async Task ReceiveAsync(Line line)
    {
        try
        {
            while (await line.Frames.ReadFrameAsync().ConfigureAwait(false) is { } frame) Take(line, frame);
            End(WireAnswer.None(Delivery.Reset, "closed the connection"));
        }
        catch (Exception error)
        {
            End(Faults.Classify(error));
        }

        await line.DisposeAsync().ConfigureAwait(false);
    }

    private void Take(Line line, byte[] frame)
    {
        Interlocked.Exchange(ref _answeredAt, time.GetTimestamp());
        // Nobody waits any more: it came too late.
        if (!_waiting.TryRemove(BinaryPrimitives.ReadInt64BigEndian(frame), out var waiting)) return;
        var status = (Status)frame[Wire.CounterSize];
        var body = frame.AsMemory(Wire.ReplyHeader);
        var code = frame.AsSpan(Wire.CounterSize + 1, Macs.Size);
        var isBelieved = status is not (Status.Ok or Status.NoReply)
            || Macs.Same(line.Macs.Reply(waiting.Code, status, body.Span), code);
        waiting.TrySetResult(isBelieved
            ? new WireAnswer(status, body)
            : WireAnswer.None(Delivery.Unauthenticated, ""));
    }

    // The first reason stands.
    private WireAnswer End(WireAnswer reason)
    {
        if (Interlocked.CompareExchange(ref _end, reason, null) is { } earlier) return earlier;
        _over.Cancel();
        _line?.Context.Abort();
        foreach (var waiting in _waiting.Values) waiting.TrySetResult(reason);
        return reason;
    }

    // Continues where the answer came in: what follows is short and never blocks, and a hand-over costs more.
    private sealed class Waiting : TaskCompletionSource<WireAnswer>
    {
        public long Counter { get; set; }

        public byte[] Code { get; set; } = [];
    }
}
