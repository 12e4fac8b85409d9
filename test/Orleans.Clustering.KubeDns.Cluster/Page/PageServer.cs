using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SiloApp;
using SiloApp.Pages;

namespace Orleans.Clustering.KubeDns.Cluster.Page;

/// <summary>The page over a view that the test makes up, served as SiloApp does.</summary>
internal sealed class PageServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PageServer(WebApplication app) => _app = app;

    public required string Url { get; init; }

    /// <summary>What is seen from now on.</summary>
    public Overview Sight { get; set; } = Of(3);

    /// <summary>While it is set, a question for news waits for its end; the page itself does not.</summary>
    public TaskCompletionSource? Stall { get; set; }

    public static async Task<PageServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        PageServer? server = null;
        builder.Services.AddSingleton(
            new OverviewSource(() => Task.FromResult(server!.Sight), new NoTime()));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Use((http, next) => server!.Pass(http, next));
        app.MapPage();
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        return server = new PageServer(app) { Url = address.First() };
    }

    /// <summary>A cluster of so many silos, of which the first leads and up to five vote; DNS agrees.</summary>
    public static Overview Of(int silos, string prefix = "silo-", string status = "Active")
    {
        var members = Enumerable.Range(0, silos)
            .Select(at => new Member($"{Address(at)}:11111@{at + 1}", $"{prefix}{at}", status)).ToList();
        var names = members.ToDictionary(member => Address(member), member => member.Name);
        var self = new Self(members[0].Silo, members[0].Name, $"{prefix}0.orleans", "shop");
        var node = new NodeReport("Joined", "Active", 1, 42, true)
        {
            Lineage = Guid.Parse("11111111-2222-3333-4444-555555555555"),
            Voters = [.. members.Take(5).Select(member => member.Name)],
        };
        return new Overview(
            new ClusterReport(self, 42, members), node, new DnsReport("orleans", names), new DnsReport("ready", names));
    }

    public ValueTask DisposeAsync()
    {
        Stall?.TrySetResult();
        return _app.DisposeAsync();
    }

    private static IPAddress Address(int at) => new([10, 0, (byte)(at / 250), (byte)((at % 250) + 1)]);

    private static IPAddress Address(Member member) => IPEndPoint.Parse(member.Silo.Split('@')[0]).Address;

    private async Task Pass(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path == "/fragment" && Stall is { } stall) await stall.Task.WaitAsync(http.RequestAborted);
        await next(http);
    }

    /// <summary>Each question finds that the time for which an answer is kept has passed.</summary>
    private sealed class NoTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => _now += 10;
    }
}
