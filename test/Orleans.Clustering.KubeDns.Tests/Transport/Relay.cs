using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

internal enum Piece
{
    Hello,
    Welcome,
    Proof,
    Request,
    Reply,
}

/// <summary>One greeting or frame on its way, whole, as somebody between the silos sees it.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Bytes">All of it, a frame's length included; altered in place or not.</param>
/// <param name="Connection">1 for the first that came, and so on.</param>
internal sealed record Packet(Piece Kind, byte[] Bytes, int Connection)
{
    public Span<byte> Counter => Bytes.AsSpan(Wire.LengthSize, Wire.CounterSize);

    public ref byte Status => ref Bytes[Kind == Piece.Welcome ? 5 : Wire.LengthSize + Wire.CounterSize];

    public ref byte Version => ref Bytes[4];

    public Span<byte> Code => Kind switch
    {
        Piece.Request => Bytes.AsSpan(Wire.LengthSize + Wire.CounterSize, Macs.Size),
        Piece.Reply => Bytes.AsSpan(Wire.LengthSize + Wire.CounterSize + 1, Macs.Size),
        _ => Bytes.AsSpan(Bytes.Length - Macs.Size),
    };
}

/// <summary>
/// Somebody between two silos, who reads whatever passes, one whole greeting or frame after another, and hands on what
/// he pleases: the same, something else, more, or nothing.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly Socket _listener = Rig.Listen();
    private readonly CancellationTokenSource _over = new();
    private readonly int _target;
    private readonly Func<Packet, byte[]> _intercept;
    private readonly List<Task> _talks = [];
    private readonly Task _accepting;
    private int _open;

    private Relay(int target, Func<Packet, byte[]> intercept)
    {
        (_target, _intercept) = (target, intercept);
        _accepting = AcceptAsync();
    }

    public int Port => Rig.PortOf(_listener);

    /// <summary>Connections that came so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Those of them that neither side has ended.</summary>
    public int Open => Volatile.Read(ref _open);

    public static Relay Start(int target, Func<Packet, byte[]> intercept) => new(target, intercept);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _accepting;
        await Task.WhenAll(_talks);
        _listener.Dispose();
        _over.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync(_over.Token);
                Interlocked.Increment(ref _open);
                _talks.Add(TalkAsync(client, ++Connections));
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    // Once one side has ended, so has the other.
    private async Task TalkAsync(Socket client, int number)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_over.Token);
        try
        {
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            using (client)
            {
                await server.ConnectAsync(IPAddress.Loopback, _target, ending.Token);
                Task[] ways =
                [
                    CopyAsync(client, server, [Piece.Hello, Piece.Proof, Piece.Request], number, ending.Token),
                    CopyAsync(server, client, [Piece.Welcome, Piece.Reply], number, ending.Token),
                ];
                await Task.WhenAny(ways);
                await ending.CancelAsync();
                await Task.WhenAll(ways);
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // The server does not listen any more, or the test is over.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task CopyAsync(Socket from, Socket to, Piece[] kinds, int number, CancellationToken ct)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                var kind = kinds[Math.Min(i, kinds.Length - 1)];
                if (await ReadAsync(from, kind, ct) is not { } bytes) return;
                ReadOnlyMemory<byte> rest = _intercept(new Packet(kind, bytes, number));
                while (!rest.IsEmpty) rest = rest[await to.SendAsync(rest, ct)..];
            }
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // One of the two has ended.
        }
    }

    private static async Task<byte[]?> ReadAsync(Socket from, Piece kind, CancellationToken ct)
    {
        var size = kind switch
        {
            Piece.Hello => Wire.HelloSize,
            Piece.Welcome => Wire.WelcomeSize,
            Piece.Proof => Macs.Size,
            _ => Wire.LengthSize,
        };
        var bytes = await ReadAsync(from, size, ct);
        if (bytes is null || kind is not (Piece.Request or Piece.Reply)) return bytes;
        var rest = await ReadAsync(from, BinaryPrimitives.ReadInt32BigEndian(bytes), ct);
        return rest is null ? null : [.. bytes, .. rest];
    }

    private static async Task<byte[]?> ReadAsync(Socket from, int count, CancellationToken ct)
    {
        var (bytes, have) = (new byte[count], 0);
        while (have < count)
        {
            var read = await from.ReceiveAsync(bytes.AsMemory(have), ct);
            if (read == 0) return null;
            have += read;
        }

        return bytes;
    }
}
