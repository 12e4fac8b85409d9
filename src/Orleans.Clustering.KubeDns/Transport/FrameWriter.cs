using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>Writes to a connection, one frame after another, each whole.</summary>
internal sealed class FrameWriter(PipeWriter output)
{
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>
    /// What <paramref name="make"/> gives when its turn has come. Whoever gives up while it waits for that has sent
    /// nothing. Throws <see cref="IOException"/> if the connection takes no more.
    /// </summary>
    public async Task WriteAsync(Func<byte[]> make, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var result = await output.WriteAsync(make(), cancellation).ConfigureAwait(false);
            if (result.IsCompleted) throw new IOException("The connection takes no more.");
        }
        catch (InvalidOperationException error)
        {
            // What a pipe says that was completed from this side: the connection has ended meanwhile.
            throw new IOException("The connection takes no more.", error);
        }
        finally
        {
            _turn.Release();
        }
    }

    public static byte[] Request(long counter, ReadOnlySpan<byte> mac, ReadOnlySpan<byte> body)
    {
        var frame = Frame(Wire.RequestHeader, counter, body);
        mac.CopyTo(frame.AsSpan(Wire.LengthSize + Wire.CounterSize));
        return frame;
    }

    /// <param name="counter">The request's.</param>
    /// <param name="status">What became of it.</param>
    /// <param name="mac">Empty: a refusal.</param>
    /// <param name="body">Empty but for <see cref="Status.Ok"/>.</param>
    public static byte[] Reply(long counter, Status status, ReadOnlySpan<byte> mac, ReadOnlySpan<byte> body)
    {
        var frame = Frame(Wire.ReplyHeader, counter, body);
        frame[Wire.LengthSize + Wire.CounterSize] = (byte)status;
        mac.CopyTo(frame.AsSpan(Wire.LengthSize + Wire.CounterSize + 1));
        return frame;
    }

    private static byte[] Frame(int header, long counter, ReadOnlySpan<byte> body)
    {
        var frame = new byte[Wire.LengthSize + header + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, header + body.Length);
        BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(Wire.LengthSize), counter);
        body.CopyTo(frame.AsSpan(Wire.LengthSize + header));
        return frame;
    }
}
