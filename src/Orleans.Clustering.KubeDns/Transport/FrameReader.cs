using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>What came over a connection is no frame, or not within its bounds: the connection is of no use.</summary>
/// <param name="reason">What to count.</param>
/// <param name="counter">The frame's, where it is known.</param>
internal sealed class FrameException(Rejection reason, long? counter = null) : Exception($"{reason}")
{
    public Rejection Reason => reason;

    public long? Counter => counter;
}

/// <summary>The room for large frames that are on their way, of all connections together.</summary>
internal sealed class LargeFrames(long max)
{
    private long _taken;

    /// <summary>False: there is none left.</summary>
    public bool Take(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= max) return true;
        Release(bytes);
        return false;
    }

    public void Release(long bytes) => Interlocked.Add(ref _taken, -bytes);
}

/// <summary>
/// Reads one thing after another from a connection, each whole. What has begun must come within a time; memory grows
/// with what has come, not with what was announced.
/// </summary>
internal sealed class FrameReader(PipeReader input, int header, TransportOptions options, LargeFrames room)
    : IDisposable
{
    private readonly CancellationTokenSource _limit = new();
    private bool _isTimed;
    private long _claim;

    /// <summary>So many octets; null: the connection ended before the first of them.</summary>
    public Task<byte[]?> ReadExactlyAsync(int count) => ReadAsync(buffer => buffer.Length < count ? null : count, 0);

    /// <summary>
    /// A frame without its length; null: the connection ended before it began. Throws <see cref="FrameException"/>, and
    /// what a broken connection throws.
    /// </summary>
    public async Task<byte[]?> ReadFrameAsync()
    {
        var frame = await ReadAsync(Measure, Wire.LengthSize).ConfigureAwait(false);
        Release();
        return frame;
    }

    /// <summary>
    /// Lets pass by what follows a frame that was refused, for as long as one may take: were the connection closed
    /// while the other side still sends, the refusal would be lost in the reset.
    /// </summary>
    public async Task DiscardAsync()
    {
        BeginTime();
        while (await ReceiveAsync().ConfigureAwait(false) is { IsCompleted: false, IsCanceled: false } result)
            input.AdvanceTo(result.Buffer.End);
    }

    public void Dispose()
    {
        Release();
        _limit.Dispose();
    }

    private async Task<byte[]?> ReadAsync(Func<ReadOnlySequence<byte>, int?> measure, int skip)
    {
        while (true)
        {
            var result = await ReceiveAsync().ConfigureAwait(false);
            var buffer = result.Buffer;
            if (result.IsCanceled) return null;
            if (Take(measure, buffer) is { } size)
            {
                var bytes = buffer.Slice(skip, size - skip).ToArray();
                input.AdvanceTo(buffer.GetPosition(size));
                EndTime();
                return bytes;
            }

            if (result.IsCompleted) return buffer.IsEmpty ? null : throw new FrameException(Rejection.BrokenOff);
            if (!buffer.IsEmpty) BeginTime();
            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private int? Take(Func<ReadOnlySequence<byte>, int?> measure, ReadOnlySequence<byte> buffer)
    {
        try
        {
            return measure(buffer);
        }
        catch (FrameException)
        {
            input.AdvanceTo(buffer.End);
            throw;
        }
    }

    private async ValueTask<ReadResult> ReceiveAsync()
    {
        try
        {
            return await input.ReadAsync(_limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_limit.IsCancellationRequested)
        {
            throw new FrameException(Rejection.TooSlow);
        }
    }

    // The size with the length in front, once all of it is there.
    private int? Measure(ReadOnlySequence<byte> buffer)
    {
        const int Known = Wire.LengthSize + Wire.CounterSize;
        if (buffer.Length < Known) return null;
        Span<byte> start = stackalloc byte[Known];
        buffer.Slice(0, Known).CopyTo(start);
        var length = BinaryPrimitives.ReadUInt32BigEndian(start);
        var counter = BinaryPrimitives.ReadInt64BigEndian(start[Wire.LengthSize..]);
        if (length < header) throw new FrameException(Rejection.Malformed, counter);
        if (length > header + options.Limits.MaxBytes) throw new FrameException(Rejection.Oversized, counter);
        if (buffer.Length >= Wire.LengthSize + length) return Wire.LengthSize + (int)length;
        Claim(length, counter);
        return null;
    }

    private void Claim(long length, long counter)
    {
        if (_claim > 0 || length <= Wire.SmallFrame) return;
        if (!room.Take(length)) throw new FrameException(Rejection.Overloaded, counter);
        _claim = length;
    }

    private void Release()
    {
        if (_claim > 0) room.Release(_claim);
        _claim = 0;
    }

    private void BeginTime()
    {
        if (_isTimed) return;
        _isTimed = true;
        _limit.CancelAfter(options.ReadTimeout);
    }

    private void EndTime()
    {
        if (!_isTimed) return;
        _isTimed = false;
        _limit.CancelAfter(Timeout.InfiniteTimeSpan);
    }
}
