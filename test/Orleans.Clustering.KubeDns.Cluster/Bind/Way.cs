using System.Net;
using System.Net.Sockets;
using KubeDns.Local.Server;

namespace Orleans.Clustering.KubeDns.Cluster.Bind;

/// <summary>
/// The way to a name server, of which UDP or TCP may be lost as a NetworkPolicy loses them: nothing comes back.
/// </summary>
internal sealed class Way : IAsyncDisposable
{
    private const int LongestDatagram = 65535;

    private readonly IPEndPoint _server;
    private readonly BoundPorts _ports = BoundPorts.Bind(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;

    public Way(IPEndPoint server)
    {
        _server = server;
        _loops = Task.WhenAll(DatagramsAsync(), ConnectionsAsync());
    }

    public IPEndPoint EndPoint => _ports.EndPoint;

    public bool PassesUdp { get; set; } = true;

    public bool PassesTcp { get; set; } = true;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _ports.Dispose();
        _stop.Dispose();
    }

    private async Task DatagramsAsync()
    {
        var buffer = new byte[LongestDatagram];
        while (!_stop.IsCancellationRequested)
        {
            var from = new IPEndPoint(IPAddress.Any, 0);
            var got = await _ports.Udp.ReceiveFromAsync(buffer, SocketFlags.None, from, _stop.Token);

            // A copy: the next datagram comes into the same place.
            if (PassesUdp) _ = AskAsync(buffer[..got.ReceivedBytes], got.RemoteEndPoint);
        }
    }

    private async Task AskAsync(byte[] question, EndPoint asker)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            using var client = new UdpClient(AddressFamily.InterNetwork);
            await client.SendAsync(question, _server, limit.Token);
            var answer = await client.ReceiveAsync(limit.Token);
            await _ports.Udp.SendToAsync(answer.Buffer, SocketFlags.None, asker, limit.Token);
        }
        catch (Exception lost) when (lost is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Who asked will ask again.
        }
    }

    private async Task ConnectionsAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var asker = await _ports.Tcp.AcceptAsync(_stop.Token);
            _ = CarryAsync(asker);
        }
    }

    private async Task CarryAsync(Socket asker)
    {
        try
        {
            await using var near = new NetworkStream(asker, ownsSocket: true);
            using var server = new TcpClient();
            await server.ConnectAsync(_server, _stop.Token);
            await using var far = server.GetStream();
            await Task.WhenAny(PourAsync(near, far), PourAsync(far, near));
        }
        catch (Exception lost) when (lost is OperationCanceledException or SocketException or IOException)
        {
            // One of the two went.
        }
    }

    private async Task PourAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[LongestDatagram];
        while (await from.ReadAsync(buffer, _stop.Token) is var read and > 0)
        {
            if (PassesTcp) await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
        }
    }
}
