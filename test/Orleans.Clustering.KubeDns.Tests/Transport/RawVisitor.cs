using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Somebody who opens a connection and sends bytes of his own making.</summary>
internal sealed class RawVisitor : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public static async Task<RawVisitor> ConnectAsync(int port)
    {
        var visitor = new RawVisitor();
        await visitor._socket.ConnectAsync(IPAddress.Loopback, port);
        return visitor;
    }

    /// <summary>False: the other side has closed and takes no more.</summary>
    public async Task<bool> SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty) bytes = bytes[await _socket.SendAsync(bytes)..];
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
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // Closed by the other side already.
        }
    }

    /// <summary>All that comes until the other side closes; throws where it does not within that time.</summary>
    public async Task<string> DrainAsync(TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Rig.Patience);
        var (text, buffer) = (new StringBuilder(), new byte[4096]);
        try
        {
            while (await _socket.ReceiveAsync(buffer, limit.Token) is var count and > 0)
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

    public void Dispose() => _socket.Dispose();
}
