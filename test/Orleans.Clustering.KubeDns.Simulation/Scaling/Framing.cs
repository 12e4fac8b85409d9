using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>
/// What the real client and server put around a body: frames and their codes, counted on a connection of theirs that
/// is in use already. TCP's and IP's own headers, and the start of a connection, are not in it.
/// </summary>
internal sealed record Framing(double OfRequest, double OfReply)
{
    private const int Exchanges = 200;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static async Task<Framing> MeasureAsync()
    {
        var (options, counts) = (new TransportOptions(), new TransportCounts());
        var secrets = new SecretFiles(null, null, NullLogger.Instance);
        await using var server = new PeerServer(
            IPAddress.Loopback, 0, options, secrets, Reply, counts, NullLogger.Instance);
        await server.StartAsync(CancellationToken.None);
        using var counter = new CountingRelay(server.Port);
        await using var client = new PeerClient(options, secrets, counts);
        await SendAsync(client, counter.Port, 10);
        var (sent, received) = (counter.Sent, counter.Received);
        var bytes = await SendAsync(client, counter.Port, Exchanges);
        return new Framing(
            (counter.Sent - sent - bytes.Requests) / (double)Exchanges,
            (counter.Received - received - bytes.Replies) / (double)Exchanges);
    }

    private static async Task<(long Requests, long Replies)> SendAsync(PeerClient client, int port, int times)
    {
        var (codec, requests, replies) = (new WireCodec(WireLimits.Default), 0L, 0L);
        var address = new PeerAddress("127.0.0.1", port);
        var self = new MemberId("silo.orleans.demo.svc.cluster.local", address, new SiloId("127.0.0.1", 1, 1), new(1));
        for (var i = 0; i < times; i++)
        {
            var request = new Envelope(new("shop", "prod"), self, self.Nonce, Guid.Empty, default, new Probe(i));
            var reply = await client.SendAsync(address, request, Patience, CancellationToken.None);
            if (reply.Envelope is null) throw new InvalidOperationException(reply.Detail);
            requests += codec.Encode(request).Length;
            replies += codec.Encode(reply.Envelope).Length;
        }

        return (requests, replies);
    }

    private static Task<Envelope?> Reply(Envelope request, CancellationToken cancellation) =>
        Task.FromResult<Envelope?>(request with { Body = new Mark(1, 1, false) });

    /// <summary>Hands on what it gets, both ways, and counts it before.</summary>
    private sealed class CountingRelay : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private long _sent;
        private long _received;

        public CountingRelay(int target)
        {
            _listener.Start();
            _ = ServeAsync(target);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public long Sent => Interlocked.Read(ref _sent);

        public long Received => Interlocked.Read(ref _received);

        public void Dispose()
        {
            _stop.Cancel();
            _listener.Dispose();
            _stop.Dispose();
        }

        private async Task ServeAsync(int target)
        {
            using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
            using var server = new TcpClient();
            await server.ConnectAsync(IPAddress.Loopback, target, _stop.Token);
            await Task.WhenAll(
                CopyAsync(client.GetStream(), server.GetStream(), count => Interlocked.Add(ref _sent, count)),
                CopyAsync(server.GetStream(), client.GetStream(), count => Interlocked.Add(ref _received, count)));
        }

        private async Task CopyAsync(NetworkStream from, NetworkStream to, Action<int> count)
        {
            var buffer = new byte[16 * 1024];
            while (await from.ReadAsync(buffer, _stop.Token) is > 0 and var read)
            {
                count(read);
                await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
    }
}
