using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>What the server does with one question; null keeps silent.</summary>
/// <param name="Bytes">The message; over TCP its length is put before it.</param>
/// <param name="Length">A lie about that length.</param>
/// <param name="Close">Over TCP: close the connection after it.</param>
internal sealed record RawReply(byte[] Bytes, int? Length = null, bool Close = false)
{
    /// <summary>How often it is said.</summary>
    public int Copies { get; init; } = 1;

    /// <summary>Over TCP: octet by octet, slowly.</summary>
    public bool Drips { get; init; }

    /// <summary>Over TCP: no more will come, and the connection stays open.</summary>
    public bool HalfCloses { get; init; }
}

/// <summary>
/// A name server without manners: one loopback port, UDP and TCP, and a script that decides every octet. It can be
/// deaf on either way. Not the local DNS server of the demo, which behaves.
/// </summary>
internal sealed class RawDnsServer : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _udp;
    private readonly TcpListener? _tcp;
    private readonly Func<byte[], bool, RawReply?> _script;
    private readonly List<Task> _loops = [];
    private int _udpQuestions;
    private int _tcpQuestions;

    private RawDnsServer(Socket udp, TcpListener? tcp, Func<byte[], bool, RawReply?> script)
    {
        (_udp, _tcp, _script) = (udp, tcp, script);
        EndPoint = (IPEndPoint)udp.LocalEndPoint!;
        _loops.Add(Task.Run(ServeUdpAsync));
        if (tcp is not null)
        {
            _loops.Add(Task.Run(ServeTcpAsync));
        }
    }

    public IPEndPoint EndPoint { get; }

    public int UdpQuestions => _udpQuestions;

    public int TcpQuestions => _tcpQuestions;

    /// <param name="script">Given the question and whether it came over TCP, gives the reply.</param>
    /// <param name="tcp">False: nothing listens on the TCP port.</param>
    /// <param name="address">Loopback of either family.</param>
    public static RawDnsServer Start(
        Func<byte[], bool, RawReply?> script, bool tcp = true, IPAddress? address = null)
    {
        var at = address ?? IPAddress.Loopback;
        for (var attempt = 0; ; attempt++)
        {
            var udp = new Socket(at.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(at, 0));
            try
            {
                return new RawDnsServer(udp, tcp ? Listen((IPEndPoint)udp.LocalEndPoint!) : null, script);
            }
            catch (SocketException) when (attempt < 20)
            {
                udp.Dispose(); // Somebody's TCP socket holds that number: take another.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _udp.Dispose();
        _tcp?.Stop();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }

    private static TcpListener Listen(IPEndPoint at)
    {
        var listener = new TcpListener(at);
        listener.Start();
        return listener;
    }

    private async Task ServeUdpAsync()
    {
        var buffer = new byte[65536];
        var any = new IPEndPoint(EndPoint.Address, 0);
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var got = await _udp.ReceiveFromAsync(buffer.AsMemory(), SocketFlags.None, any, _stop.Token);
                Interlocked.Increment(ref _udpQuestions);
                if (_script(buffer[..got.ReceivedBytes], false) is { } reply)
                {
                    for (var i = 0; i < reply.Copies; i++)
                    {
                        await _udp.SendToAsync(reply.Bytes, SocketFlags.None, got.RemoteEndPoint, _stop.Token);
                    }
                }
            }
            catch (Exception fault) when (IsEnd(fault))
            {
            }
        }
    }

    private async Task ServeTcpAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var client = await _tcp!.AcceptTcpClientAsync(_stop.Token);
                _loops.Add(Task.Run(() => ServeClientAsync(client)));
            }
            catch (Exception fault) when (IsEnd(fault))
            {
            }
        }
    }

    private async Task ServeClientAsync(TcpClient client)
    {
        using var owned = client;
        try
        {
            var stream = client.GetStream();
            var prefix = new byte[2];
            while (true)
            {
                await stream.ReadExactlyAsync(prefix, _stop.Token);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
                await stream.ReadExactlyAsync(query, _stop.Token);
                Interlocked.Increment(ref _tcpQuestions);
                if (_script(query, true) is { } reply)
                {
                    await SendAsync(stream, reply);
                    if (reply.HalfCloses)
                    {
                        client.Client.Shutdown(SocketShutdown.Send);
                    }

                    if (reply.Close)
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception fault) when (IsEnd(fault))
        {
        }
    }

    private async Task SendAsync(NetworkStream stream, RawReply reply)
    {
        var bytes = Framed(reply);
        for (var i = 0; i < reply.Copies; i++)
        {
            foreach (var piece in bytes.Chunk(reply.Drips ? 1 : bytes.Length))
            {
                await stream.WriteAsync(piece, _stop.Token);
                if (reply.Drips)
                {
                    await Task.Delay(2, _stop.Token);
                }
            }
        }
    }

    private static byte[] Framed(RawReply reply)
    {
        var length = reply.Length ?? reply.Bytes.Length;
        return [(byte)(length >> 8), (byte)length, .. reply.Bytes];
    }

    private static bool IsEnd(Exception fault) =>
        fault is OperationCanceledException or ObjectDisposedException or IOException or SocketException;
}
