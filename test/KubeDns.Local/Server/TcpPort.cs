using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;

namespace KubeDns.Local.Server;

/// <summary>Queries over TCP: messages behind a length of two bytes, answered one after the other.</summary>
internal sealed class TcpPort(Socket listener, Exchange exchange, TimeProvider time)
{
    // As CoreDNS: a connection without a query is closed.
    private static readonly TimeSpan IdleLimit = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Task, bool> _connections = [];

    public async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var client = await listener.AcceptAsync(stopping);
                var serving = ServeAsync(client, stopping);
                _connections.TryAdd(serving, true);
                _ = serving.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (SocketException)
            {
                // The client gave up before it was accepted.
            }
        }

        await Task.WhenAll(_connections.Keys);
    }

    private async Task ServeAsync(Socket client, CancellationToken stopping)
    {
        using var connection = client;
        client.NoDelay = true;
        using var stream = new NetworkStream(client, ownsSocket: false);
        try
        {
            while (await ReadAsync(stream, stopping) is { } message)
            {
                var reply = exchange.Handle(message, Transport.Tcp);
                if (reply.Close)
                {
                    return;
                }

                await WriteAsync(stream, reply, stopping);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // Stopped, idle for too long, or the client went away: closed in any case.
        }
    }

    private static async Task<byte[]?> ReadAsync(NetworkStream stream, CancellationToken stopping)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        limit.CancelAfter(IdleLimit);
        var prefix = new byte[2];
        if (await stream.ReadAtLeastAsync(prefix, 2, throwOnEndOfStream: false, limit.Token) < 2)
        {
            return null;
        }

        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
        await stream.ReadExactlyAsync(message, limit.Token);
        return message;
    }

    private async Task WriteAsync(NetworkStream stream, Reply reply, CancellationToken stopping)
    {
        if (reply.Message is not { } message)
        {
            return;
        }

        await Delayed.ForAsync(reply.Delay, time, stopping);
        var framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed, 2);
        await stream.WriteAsync(framed, stopping);
    }
}
