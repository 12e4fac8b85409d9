using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Somebody at one end of a connection who sends bytes of his own making.</summary>
internal sealed class RawVisitor(Socket socket) : IDisposable
{
    public static async Task<RawVisitor> ConnectAsync(int port)
    {
        var visitor = new RawVisitor(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await visitor.Socket.ConnectAsync(IPAddress.Loopback, port);
        return visitor;
    }

    public static async Task<RawVisitor> AcceptAsync(Socket listener)
    {
        using var limit = new CancellationTokenSource(Rig.Patience);
        return new RawVisitor(await listener.AcceptAsync(limit.Token));
    }

    public Socket Socket => socket;

    /// <summary>False: the other side has closed and takes no more.</summary>
    public async Task<bool> SendAsync(byte[] bytes)
    {
        try
        {
            ReadOnlyMemory<byte> rest = bytes;
            while (!rest.IsEmpty) rest = rest[await socket.SendAsync(rest)..];
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Says that no more will come, and goes on listening.</summary>
    public void Finish()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // Closed by the other side already.
        }
    }

    /// <summary>So many octets; null: the other side closed before all of them had come.</summary>
    public async Task<byte[]?> ReadAsync(int count)
    {
        using var limit = new CancellationTokenSource(Rig.Patience);
        var (bytes, have) = (new byte[count], 0);
        while (have < count)
        {
            try
            {
                var read = await socket.ReceiveAsync(bytes.AsMemory(have), limit.Token);
                if (read == 0) return null;
                have += read;
            }
            catch (SocketException)
            {
                return null;
            }
        }

        return bytes;
    }

    /// <summary>All that comes until the other side closes; throws where it does not within that time.</summary>
    public async Task<string> DrainAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Rig.Patience);
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            while (await socket.ReceiveAsync(buffer, limit.Token) is var count and > 0)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException)
        {
            // Closed with bytes unread: a reset is as good an end.
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"Still open; {text.Length} bytes came.");
        }

        return text.ToString();
    }

    public void Dispose() => socket.Dispose();
}
