using System.Net;
using System.Net.Sockets;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Tests.Doctor;

/// <summary>Listens where a silo would, and has one answer to every hello.</summary>
internal sealed class StubPeer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _serving;

    public StubPeer(IPAddress address, int port, byte[] welcome)
    {
        _listener = new TcpListener(address, port);
        _listener.Start();
        _serving = ServeAsync(welcome);
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _serving;
        _listener.Dispose();
        _over.Dispose();
    }

    private async Task ServeAsync(byte[] welcome)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                using var client = await _listener.AcceptTcpClientAsync(_over.Token);
                await client.GetStream().ReadExactlyAsync(new byte[Wire.HelloSize], _over.Token);
                await client.GetStream().WriteAsync(welcome, _over.Token);
            }
            catch (Exception error) when (error is IOException or OperationCanceledException)
            {
                // One that only looked whether anything listens, or the end.
            }
        }
    }
}
