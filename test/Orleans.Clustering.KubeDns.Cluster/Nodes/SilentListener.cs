using System.Net;
using System.Net.Sockets;

namespace Orleans.Clustering.KubeDns.Cluster.Nodes;

/// <summary>What a stopped process looks like from outside: connections are taken, and nobody answers.</summary>
internal sealed class SilentListener : IDisposable
{
    private readonly TcpListener _listener;

    public SilentListener(int port)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();
}
