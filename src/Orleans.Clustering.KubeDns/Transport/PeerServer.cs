using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>Answers one authenticated message; null: it has no reply.</summary>
internal delegate Task<Envelope?> MessageHandler(Envelope request, CancellationToken cancellation);

/// <summary>
/// Listens for the other silos: Kestrel's socket transport alone, with no HTTP on it and no host around it, so that
/// neither the application's pipeline nor its environment (ASPNETCORE_URLS and the like) has a say here.
/// </summary>
internal sealed class PeerServer : IAsyncDisposable
{
    // Of each connection, whatever it sends, before anybody has looked at it.
    private const int MaxUnread = 64 * 1024;

    private readonly IPEndPoint _endpoint;
    private readonly TransportOptions _options;
    private readonly StrangerWatch _strangers;
    private readonly RequestHandler _requests;
    private readonly ConcurrentDictionary<ConnectionContext, Task> _connections = new();
    private IConnectionListener? _listener;
    private Task _accepting = Task.CompletedTask;
    private int _disposed;

    public PeerServer(
        IPAddress address,
        int port,
        TransportOptions options,
        SecretFiles secrets,
        MessageHandler handler,
        TransportCounts counts,
        ILogger logger,
        TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var throttle = new LogThrottle(time);
        _strangers = new StrangerWatch(options, counts, throttle, time, logger);
        _endpoint = new IPEndPoint(address, port);
        _options = options;
        _requests = new RequestHandler(options, secrets, handler, counts, throttle, logger);
    }

    /// <summary>The port that is listened on; it differs from the one asked for where that was 0.</summary>
    public int Port { get; private set; }

    /// <summary>Throws <see cref="InvalidOperationException"/>, saying what to do, if the port cannot be had.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            var sockets = new SocketTransportOptions
            {
                WaitForDataBeforeAllocatingBuffer = false,
                MaxReadBufferSize = MaxUnread,
            };
            var factory = new SocketTransportFactory(Options.Create(sockets), NullLoggerFactory.Instance);
            _listener = await factory.BindAsync(_endpoint, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or SocketException or AddressInUseException)
        {
            var reason = (error.InnerException ?? error).Message;
            var text = TransportTexts.CannotListen(_endpoint.Address.ToString(), _endpoint.Port, reason);
            throw new InvalidOperationException(text, error);
        }

        Port = ((IPEndPoint)_listener.EndPoint).Port;
        _accepting = Task.Run(AcceptAsync, CancellationToken.None);
    }

    /// <summary>Accepts no more, waits a moment for requests under way, then ends the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0 || _listener is null) return;
        await _listener.UnbindAsync(CancellationToken.None).ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        await _requests.EndAsync(_options.StopTimeout).ConfigureAwait(false);
        await EndConnectionsAsync().ConfigureAwait(false);
        await _listener.DisposeAsync().ConfigureAwait(false);
    }

    // No more is read; the last answers still go out, unless somebody does not take them.
    private async Task EndConnectionsAsync()
    {
        foreach (var connection in _connections.Keys) connection.Transport.Input.CancelPendingRead();
        var all = Task.WhenAll(_connections.Values);
        await Task.WhenAny(all, Task.Delay(_options.StopTimeout)).ConfigureAwait(false);
        foreach (var connection in _connections.Keys) connection.Abort(new ConnectionAbortedException("Stopped."));
        await all.ConfigureAwait(false);
    }

    private async Task AcceptAsync()
    {
        while (await _listener!.AcceptAsync(CancellationToken.None).ConfigureAwait(false) is { } connection)
        {
            // Entered before it is begun, so that it is there for whoever ends it.
            var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _connections[connection] = ServeAsync(connection, begin.Task);
            begin.SetResult();
        }
    }

    private async Task ServeAsync(ConnectionContext connection, Task begin)
    {
        await begin.ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            Keepalive.On(connection, _options);
            await _strangers.WatchAsync(connection, visit => _requests.ServeAsync(connection, visit))
                .ConfigureAwait(false);
        }

        _connections.TryRemove(connection, out _);
    }
}
