using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// The client side: one link per peer, so that peers share neither connections nor fate. A message is never sent
/// twice by this client unless the peer certainly did not act on it.
/// </summary>
internal sealed class PeerClient(
    TransportOptions options, SecretFiles secrets, TransportCounts counts, TimeProvider? time = null) : IPeerClient
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly WireCodec _codec = new(options.Limits);
    private readonly Lock _lock = new();
    private readonly Dictionary<PeerAddress, PeerLink> _links = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly SocketConnectionContextFactory _sockets =
        new(new SocketConnectionFactoryOptions { WaitForDataBeforeAllocatingBuffer = false }, NullLogger.Instance);
    private long _sweptAt;
    private bool _closed;

    public async Task<PeerReply> SendAsync(
        PeerAddress to, Envelope request, TimeSpan deadline, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        byte[] body;
        try
        {
            body = _codec.Encode(request);
        }
        catch (WireFormatException error)
        {
            return new PeerReply(Delivery.Malformed, null, $"Not sent: {error.Message}");
        }

        var (link, refusal) = Enter(to);
        if (link is null) return refusal!;
        try
        {
            return await ExchangeAsync(link, body, deadline, ct).ConfigureAwait(false);
        }
        finally
        {
            Leave(link);
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            if (_closed) return ValueTask.CompletedTask;
            _closed = true;
            foreach (var link in _links.Values) link.Dispose();
            _links.Clear();
        }

        // Nothing is disposed: sends that are ending may still look at it, and connections that are at the memory.
        return new ValueTask(_closing.CancelAsync());
    }

    private async Task<PeerReply> ExchangeAsync(
        PeerLink link, byte[] body, TimeSpan deadline, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, _closing.Token);
        limit.CancelAfter(deadline);
        try
        {
            return await link.ExchangeAsync(body, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            return _closing.IsCancellationRequested
                ? Closed()
                : new PeerReply(Delivery.TimedOut, null, $"{link.Address} did not answer within {deadline}.");
        }
    }

    private static PeerReply Closed() => new(Delivery.Reset, null, "This client is closed.");

    private (PeerLink? Link, PeerReply? Refusal) Enter(PeerAddress to)
    {
        lock (_lock)
        {
            if (_closed) return (null, Closed());
            Sweep();
            if (!_links.TryGetValue(to, out var link))
            {
                _links.Add(to, link = new PeerLink(to, options, _codec, secrets, _sockets, counts, _time));
            }

            if (link.InFlight >= options.MaxInFlightPerPeer)
            {
                return (null, new PeerReply(Delivery.Overloaded, null, $"{link.InFlight} requests to {to} under way."));
            }

            link.InFlight++;
            return (link, null);
        }
    }

    private void Leave(PeerLink link)
    {
        lock (_lock)
        {
            link.InFlight--;
            link.LastUsed = _time.GetTimestamp();
        }
    }

    // Addresses come and go with the pods; what is not spoken to any more is let go.
    private void Sweep()
    {
        if (_time.GetElapsedTime(_sweptAt) < SweepInterval) return;
        _sweptAt = _time.GetTimestamp();
        foreach (var link in _links.Values.Where(IsIdle).ToArray())
        {
            _links.Remove(link.Address);
            link.Dispose();
        }
    }

    private bool IsIdle(PeerLink link) => link.InFlight == 0 && _time.GetElapsedTime(link.LastUsed) > options.LinkIdle;
}
