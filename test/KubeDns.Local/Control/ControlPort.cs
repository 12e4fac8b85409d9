using System.Net;
using System.Text.Json;
using KubeDns.Local.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace KubeDns.Local.Control;

/// <summary>The HTTP port by which scripts change the cluster and its faults while it runs.</summary>
internal sealed class ControlPort : IAsyncDisposable
{
    private const string Services = "/namespaces/{space}/services/{name}";
    private const string Pods = "/namespaces/{space}/pods/{name}";

    private readonly WebApplication _app;

    private ControlPort(WebApplication app) => _app = app;

    public IPEndPoint EndPoint => IPEndPoint.Parse(new Uri(_app.Urls.Single()).Authority);

    public static async Task<ControlPort> StartAsync(IPEndPoint listen, LocalCluster cluster)
    {
        // The empty builder reads no environment and no settings file: a test host has both, and neither is ours.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(listen));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, SignalsIgnored>();
        var app = builder.Build();
        app.Use(AnswerFaultsAsync);
        MapState(app, cluster);
        MapServices(app, cluster);
        MapPods(app, cluster);
        MapFaults(app, cluster);
        app.MapFallback(() => Error(StatusCodes.Status404NotFound, "No such address; see docs/local-dns.md."));
        await app.StartAsync();
        return new ControlPort(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void MapState(WebApplication app, LocalCluster cluster)
    {
        app.MapGet("/state", () => Results.Json(cluster.Describe(), ClusterJson.Options));
        app.MapPut("/synchronised", (HttpRequest request) => Change(request, body =>
            cluster.Synchronised = ClusterJson.Read<SynchronisedState>(body).Synchronised));
        app.MapPut("/endpointPodNames", (HttpRequest request) => Change(request, body =>
            cluster.EndpointPodNames = ClusterJson.Read<EndpointPodNamesState>(body).EndpointPodNames));
        app.MapPut("/namespaces/{space}", (string space) =>
        {
            cluster.AddNamespace(space);
            return Results.NoContent();
        });
    }

    private static void MapServices(WebApplication app, LocalCluster cluster)
    {
        app.MapPut(Services, (string space, string name, HttpRequest request) => Change(request, body =>
            cluster.AddService(ClusterJson.ReadNamed<ServiceSpec>(body, space, name))));
        app.MapDelete(Services, (string space, string name) => Found(cluster.RemoveService(space, name)));
    }

    private static void MapPods(WebApplication app, LocalCluster cluster)
    {
        app.MapPut(Pods, (string space, string name, HttpRequest request) => Change(request, body =>
            cluster.AddPod(ClusterJson.ReadNamed<PodSpec>(body, space, name))));
        app.MapPatch(Pods, async (string space, string name, HttpRequest request) =>
            Found(cluster.UpdatePod(space, name, ClusterJson.Read<PodChange>(await BodyOf(request)).ApplyTo)));
        app.MapDelete(Pods, (string space, string name) => Found(cluster.RemovePod(space, name)));
    }

    private static void MapFaults(WebApplication app, LocalCluster cluster)
    {
        app.MapPut("/faults", (HttpRequest request) => Change(request, body =>
            cluster.Faults = ClusterJson.Read<FaultSpec>(body)));
        app.MapDelete("/faults", () =>
        {
            cluster.Faults = FaultSpec.None;
            return Results.NoContent();
        });
        app.MapPut(Services + "/faults", (string space, string name, HttpRequest request) => Change(request, body =>
            cluster.SetServiceFaults(space, name, ClusterJson.Read<FaultSpec>(body))));
        app.MapDelete(Services + "/faults", (string space, string name) =>
        {
            cluster.SetServiceFaults(space, name, null);
            return Results.NoContent();
        });
    }

    private static async Task<IResult> Change(HttpRequest request, Action<string> change)
    {
        change(await BodyOf(request));
        return Results.NoContent();
    }

    private static Task<string> BodyOf(HttpRequest request) => new StreamReader(request.Body).ReadToEndAsync();

    private static IResult Found(bool found) =>
        found ? Results.NoContent() : Error(StatusCodes.Status404NotFound, "Nothing of that name.");

    private static IResult Error(int status, string error) =>
        Results.Json(new { error }, ClusterJson.Options, statusCode: status);

    private static async Task AnswerFaultsAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            await Error(StatusCodes.Status400BadRequest, ClusterJson.Explain(e)).ExecuteAsync(context);
        }
    }

    /// <summary>The program decides when it stops, not one of the servers inside it.</summary>
    private sealed class SignalsIgnored : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken stopping) => Task.CompletedTask;

        public Task StopAsync(CancellationToken stopping) => Task.CompletedTask;
    }
}
