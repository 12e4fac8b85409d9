using System.Net;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Transport;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Diagnostics;

/// <summary>
/// Plain HTTP for kubelet's probes and for people: <c>/startupz</c>, <c>/livez</c>, <c>/readyz</c>, <c>/statusz</c>. A
/// bare Kestrel, since a web host inside a silo would bring its own lifetime and configuration; and bounded, since
/// anybody in the cluster may call it.
/// </summary>
internal sealed partial class StatusEndpoint(
    Func<IPEndPoint> listenOn,
    Func<NodeStatus> node,
    Func<SiloStatus> silo,
    Func<bool> stopping,
    IServiceProvider services,
    ILoggerFactory loggers) : IHttpApplication<IFeatureCollection>, IAsyncDisposable
{
    public const string StartupPath = "/startupz";
    public const string LivePath = "/livez";
    public const string ReadyPath = "/readyz";
    public const string StatusPath = "/statusz";

    // Probes are few and short, so the oldest connection is nobody's that matters.
    private const int MaxConnections = 64;

    private readonly ILogger _log = loggers.CreateLogger<StatusEndpoint>();
    private readonly ConnectionLimit _limit = new(MaxConnections);
    private KestrelServer? _server;

    /// <summary>Listens where the silo does; does nothing where the port is 0.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var endpoint = listenOn();
        if (endpoint.Port == 0) return;
        var options = new KestrelServerOptions { AddServerHeader = false, ApplicationServices = services };
        Bound(options.Limits);
        options.Listen(endpoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(Limit);
        });
        var sockets = new SocketTransportFactory(Options.Create(new SocketTransportOptions()), loggers);
        _server = new KestrelServer(Options.Create(options), sockets, loggers);
        try
        {
            await _server.StartAsync(this, cancellationToken);
        }
        catch (IOException taken)
        {
            throw new OrleansConfigurationException(
                $"StatusPort {endpoint.Port} cannot be opened: {taken.Message} Set another StatusPort, or 0 for none.",
                taken);
        }

        LogListening(endpoint.Port);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _server, null) is not { } server) return;
        using (server)
        {
            // Probes are short; who still holds a connection is not waited for.
            await server.StopAsync(new CancellationToken(canceled: true));
        }
    }

    public IFeatureCollection CreateContext(IFeatureCollection contextFeatures) => contextFeatures;

    public void DisposeContext(IFeatureCollection context, Exception? exception)
    {
    }

    public Task ProcessRequestAsync(IFeatureCollection context)
    {
        var http = new DefaultHttpContext(context);
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            return Text(http, StatusCodes.Status405MethodNotAllowed, "GET only");
        }

        return http.Request.Path.Value switch
        {
            StartupPath => Tell(http, Probes.Started(node())),
            LivePath => Tell(http, Probes.Live(node())),
            ReadyPath => Tell(http, Probes.Ready(silo(), stopping())),
            StatusPath => Write(http, StatusCodes.Status200OK, "application/json",
                StatusReport.Of(node(), silo(), stopping()).ToJson()),
            _ => Text(http, StatusCodes.Status404NotFound, "not found"),
        };
    }

    // Kestrel's own limit turns the newest away: with idle connections anybody could keep the kubelet out, which would
    // then kill this silo.
    private ConnectionDelegate Limit(ConnectionDelegate next) => async connection =>
    {
        using var place = _limit.Enter(connection);
        await next(connection);
    };

    private static Task Tell(HttpContext http, ProbeResult result) =>
        Text(http, result.IsFit ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, result.Line);

    private static Task Text(HttpContext http, int code, string line) =>
        Write(http, code, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(line + "\n"));

    private static Task Write(HttpContext http, int code, string type, byte[] body)
    {
        http.Response.StatusCode = code;
        http.Response.ContentType = type;
        http.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(http.Request.Method)
            ? Task.CompletedTask
            : http.Response.Body.WriteAsync(body).AsTask();
    }

    private static void Bound(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = 0;
        limits.MaxRequestHeadersTotalSize = 8 * 1024;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(5);
        limits.MaxRequestBufferSize = 16 * 1024;
    }

    [LoggerMessage(EventId = 7501, Level = LogLevel.Information, Message = "Probes are answered on port {Port}")]
    private partial void LogListening(int port);
}
