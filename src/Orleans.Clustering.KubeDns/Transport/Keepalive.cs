using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>Has the kernel find out that the other machine is gone, where neither side says anything.</summary>
internal static class Keepalive
{
    private const int Attempts = 2;

    public static void On(ConnectionContext connection, TransportOptions options)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is { } socket) On(socket, options);
    }

    public static void On(Socket socket, TransportOptions options)
    {
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            Set(SocketOptionName.TcpKeepAliveTime, options.PingDelay);
            Set(SocketOptionName.TcpKeepAliveInterval, options.PingTimeout / Attempts);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Attempts);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Closed in the meantime, or a system without it: the deadlines of the requests hold all the same.
        }

        void Set(SocketOptionName name, TimeSpan time) =>
            socket.SetSocketOption(SocketOptionLevel.Tcp, name, Math.Max(1, (int)time.TotalSeconds));
    }
}
