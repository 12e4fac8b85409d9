using System.Net;
using System.Net.Http;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>A request or reply on its way, as somebody between the silos sees it.</summary>
internal sealed record Packet(string Path, int Status, Dictionary<string, string> Headers, byte[] Body);

/// <summary>
/// Somebody between two silos, who reads and alters what passes: requests go to <c>Target</c> unless
/// <c>Intercept</c> answers them itself.
/// </summary>
internal sealed class Relay : IHttpApplication<HttpContext>, IAsyncDisposable
{
    private static readonly string[] Carried =
        [Wire.MacHeader, Wire.SessionHeader, Wire.CounterHeader, Wire.VersionHeader];

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler());
    private readonly KestrelServer _server;

    private Relay()
    {
        var options = new KestrelServerOptions();
        options.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
        _server = new KestrelServer(
            Microsoft.Extensions.Options.Options.Create(options),
            new SocketTransportFactory(
                Microsoft.Extensions.Options.Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance);
    }

    public required Func<Relay, Packet, Task<Packet>> Intercept { get; init; }

    public int Target { get; init; }

    public int Port { get; private set; }

    public static async Task<Relay> StartAsync(int target, Func<Relay, Packet, Task<Packet>> intercept)
    {
        var relay = new Relay { Target = target, Intercept = intercept };
        await relay._server.StartAsync(relay, CancellationToken.None);
        var addresses = relay._server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        relay.Port = new Uri(addresses.Single()).Port;
        return relay;
    }

    public async Task<Packet> ForwardAsync(Packet packet, int? target = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{target ?? Target}{packet.Path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(packet.Body),
        };
        foreach (var (name, value) in packet.Headers) request.Headers.Add(name, value);
        using var response = await _invoker.SendAsync(request, CancellationToken.None);
        var headers = response.Headers.Where(header => Carried.Contains(header.Key))
            .ToDictionary(header => header.Key, header => header.Value.First());
        var body = await response.Content.ReadAsByteArrayAsync();
        return new Packet(packet.Path, (int)response.StatusCode, headers, body);
    }

    public HttpContext CreateContext(IFeatureCollection features) => new DefaultHttpContext(features);

    public async Task ProcessRequestAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var headers = Carried.Where(context.Request.Headers.ContainsKey)
            .ToDictionary(name => name, name => context.Request.Headers[name].ToString());
        var answer = await Intercept(this, new Packet(context.Request.Path, 0, headers, body.ToArray()));
        context.Response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers) context.Response.Headers[name] = value;
        context.Response.ContentLength = answer.Status == 204 ? null : answer.Body.Length;
        if (answer.Body.Length > 0) await context.Response.Body.WriteAsync(answer.Body);
    }

    public void DisposeContext(HttpContext context, Exception? exception)
    {
    }

    public async ValueTask DisposeAsync()
    {
        await _server.StopAsync(new CancellationToken(canceled: true));
        _server.Dispose();
        _invoker.Dispose();
    }
}
