using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Orleans.Clustering.KubeDns.Tests.Doctor;

/// <summary>Answers everything in one way, where a silo would listen.</summary>
internal sealed class StubServer(WebApplication app) : IAsyncDisposable
{
    public static async Task<IAsyncDisposable> StartAsync(
        IPAddress address, int port, HttpProtocols protocols, RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            address, port, listen => listen.Protocols = protocols));
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new StubServer(app);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
