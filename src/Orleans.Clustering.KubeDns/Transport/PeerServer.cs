using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>Answers one authenticated message; null: it has no reply.</summary>
internal delegate Task<Envelope?> MessageHandler(Envelope request, CancellationToken cancellation);

/// <summary>
/// Listens for the other silos: Kestrel alone, HTTP/2 without TLS, with no host around it, so that neither the
/// application's pipeline nor its environment (ASPNETCORE_URLS and the like) has a say here.
/// </summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private readonly IPEndPoint _endpoint;
    private readonly TransportOptions _options;
    private readonly KestrelServer _server;
    private readonly RequestHandler _requests;
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
        var strangers = new StrangerWatch(options, counts, throttle, time, logger);
        _endpoint = new IPEndPoint(address, port);
        _options = options;
        _requests = new RequestHandler(options, secrets, handler, strangers, counts, throttle, time, logger);
        _server = new KestrelServer(
            Options.Create(Configure(strangers)),
            new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance);
    }

    /// <summary>The port that is listened on; it differs from the one asked for where that was 0.</summary>
    public int Port { get; private set; }

    /// <summary>Throws <see cref="InvalidOperationException"/>, saying what to do, if the port cannot be had.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        try
        {
            await _server.StartAsync(new Application(_requests), cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            var reason = (error.InnerException ?? error).Message;
            var text = TransportTexts.CannotListen(_endpoint.Address.ToString(), _endpoint.Port, reason);
            throw new InvalidOperationException(text, error);
        }

        Port = new Uri(_server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.Single()).Port;
    }

    /// <summary>Accepts no more, waits a moment for requests under way, then ends the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        using var limit = new CancellationTokenSource(_options.StopTimeout);
        try
        {
            await _server.StopAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The moment has passed; disposing aborts what is left.
        }

        _server.Dispose();
    }

    private KestrelServerOptions Configure(StrangerWatch strangers)
    {
        var kestrel = new KestrelServerOptions { AddServerHeader = false };
        Limit(kestrel.Limits);
        kestrel.Listen(_endpoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.Use(next => connection => strangers.WatchAsync(connection, next));
        });
        return kestrel;
    }

    private void Limit(KestrelServerLimits limits)
    {
        var rate = new MinDataRate(bytesPerSecond: 1024, gracePeriod: TimeSpan.FromSeconds(5));
        limits.MaxRequestBodySize = _options.Limits.MaxBytes;
        limits.MaxRequestHeaderCount = 16;
        limits.MaxRequestHeadersTotalSize = 4096;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.MinRequestBodyDataRate = rate;
        limits.MinResponseDataRate = rate;
        // Longer than a client keeps an idle connection: the client closes first, and no request meets a closing one.
        limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        limits.Http2.MaxStreamsPerConnection = 2 * _options.MaxInFlightPerPeer;
        limits.Http2.MaxRequestHeaderFieldSize = 1024;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(10);
    }

    private sealed class Application(RequestHandler requests) : IHttpApplication<HttpContext>
    {
        public HttpContext CreateContext(IFeatureCollection features) => new DefaultHttpContext(features);

        public Task ProcessRequestAsync(HttpContext context) => requests.HandleAsync(context);

        public void DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
