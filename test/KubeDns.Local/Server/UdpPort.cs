using System.Net;
using System.Net.Sockets;

namespace KubeDns.Local.Server;

/// <summary>Queries over UDP. A delayed answer waits on its own, so that it does not hold up the others.</summary>
internal sealed class UdpPort(Socket socket, Exchange exchange, TimeProvider time)
{
    public async Task RunAsync(CancellationToken stopping)
    {
        var buffer = new byte[ushort.MaxValue];
        var any = new IPEndPoint(
            socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var received = await socket.ReceiveFromAsync(buffer, SocketFlags.None, any, stopping);
                var reply = exchange.Handle(buffer.AsSpan(0, received.ReceivedBytes), Transport.Udp);
                _ = SendAsync(reply, received.RemoteEndPoint, stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException)
            {
                // A client that went away is no reason to stop serving the others.
            }
        }
    }

    private async Task SendAsync(Reply reply, EndPoint client, CancellationToken stopping)
    {
        try
        {
            if (reply.Message is { } message)
            {
                await Delayed.ForAsync(reply.Delay, time, stopping);
                await socket.SendToAsync(message, SocketFlags.None, client, stopping);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client will ask again.
        }
    }
}

internal static class Delayed
{
    public static Task ForAsync(TimeSpan delay, TimeProvider time, CancellationToken stopping) =>
        delay > TimeSpan.Zero ? Task.Delay(delay, time, stopping) : Task.CompletedTask;
}
