using System.Net;
using System.Net.Sockets;

namespace Demo;

/// <summary>
/// The addresses and ports of this run. All silos share the same ports, as pods do; a port that is taken on any of
/// the addresses is passed over for all of them.
/// </summary>
internal sealed record Network(
    int Silo, int Gateway, int Discovery, int Status, int Http, IPEndPoint Dns, IPEndPoint Control)
{
    /// <summary>As far apart as the defaults of one silo never meet each other.</summary>
    private const int Step = 20;

    /// <summary>The first address of the pod network; the pods' addresses follow each other.</summary>
    public IPAddress First { get; init; } = Address(0);

    /// <summary>The pod network on one machine without namespaces: 127.0.0.11 and up.</summary>
    public static IPAddress Address(int index) => IPAddress.Parse($"127.0.0.{11 + index}");

    public IPAddress AddressOf(int index)
    {
        var bytes = First.GetAddressBytes();
        bytes[^1] = checked((byte)(bytes[^1] + index));
        return new IPAddress(bytes);
    }

    /// <exception cref="DemoFailed">This machine has no such addresses, or no free port.</exception>
    public static Network Choose(int pods)
    {
        var addresses = Enumerable.Range(0, pods).Select(Address).ToArray();
        IPAddress[] loopback = [IPAddress.Loopback];
        return new Network(
            FirstFree(11111, addresses),
            FirstFree(30000, addresses),
            FirstFree(11112, addresses),
            FirstFree(11113, addresses),
            FirstFree(8080, addresses),
            new IPEndPoint(IPAddress.Loopback, FirstFree(5353, loopback, udp: true)),
            new IPEndPoint(IPAddress.Loopback, FirstFree(5380, loopback)));
    }

    private static int FirstFree(int wanted, IPAddress[] addresses, bool udp = false)
    {
        for (var port = wanted; port < wanted + (50 * Step); port += Step)
        {
            if (addresses.All(address => IsFree(address, port, SocketType.Stream, ProtocolType.Tcp)
                && (!udp || IsFree(address, port, SocketType.Dgram, ProtocolType.Udp))))
            {
                return port;
            }
        }

        throw new DemoFailed($"No free port found from {wanted} on; another demo may still be running.");
    }

    private static bool IsFree(IPAddress address, int port, SocketType type, ProtocolType protocol)
    {
        using var socket = new Socket(address.AddressFamily, type, protocol);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            if (type == SocketType.Stream)
            {
                socket.Listen(1);
            }

            return true;
        }
        catch (SocketException failure) when (failure.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            throw new DemoFailed($"This machine has no address {address}. Linux answers on all of 127.0.0.0/8; on "
                + $"macOS add it first: sudo ifconfig lo0 alias {address} up");
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
