using System.Net;
using System.Net.Sockets;

namespace KubeDns.Local.Server;

/// <summary>A UDP and a TCP socket on one port number.</summary>
internal sealed record BoundPorts(Socket Udp, Socket Tcp) : IDisposable
{
    private const int Attempts = 50;
    private const int ReceiveBuffer = 1 << 20;

    public IPEndPoint EndPoint => (IPEndPoint)Udp.LocalEndPoint!;

    public static BoundPorts Bind(IPEndPoint listen)
    {
        // A port that is free for TCP need not be free for UDP; if any port will do, another one may be.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return BindOnce(listen);
            }
            catch (SocketException e) when (
                e.SocketErrorCode == SocketError.AddressAlreadyInUse && listen.Port == 0 && attempt < Attempts)
            {
            }
        }
    }

    public void Dispose()
    {
        Udp.Dispose();
        Tcp.Dispose();
    }

    private static BoundPorts BindOnce(IPEndPoint listen)
    {
        var tcp = new Socket(listen.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var udp = new Socket(listen.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            tcp.Bind(listen);
            udp.ReceiveBufferSize = ReceiveBuffer;
            udp.Bind(tcp.LocalEndPoint!);
            tcp.Listen();
            return new BoundPorts(udp, tcp);
        }
        catch
        {
            tcp.Dispose();
            udp.Dispose();
            throw;
        }
    }
}
