using Orleans.Runtime;
using SiloApp.Grains;
using SiloApp.Pages;

namespace SiloApp;

/// <summary>What this application serves over HTTP. The provider serves the probes, on a port of its own.</summary>
internal static class ClusterEndpoints
{
    public static void MapCluster(this WebApplication app)
    {
        app.MapPage();
        var silo = app.MapGroup("").AddEndpointFilter(OnceStarted);
        silo.MapGet("/cluster", (ClusterView view) => view.Read());
        silo.MapGet("/table", ReadTable);
        silo.MapGet("/call", Call);
        silo.MapPost("/count/{name}", (string name, IGrainFactory grains) =>
            grains.GetGrain<ICounterGrain>(name).Add());
    }

    // This application serves its page while the silo still waits for its cluster; all else needs the silo.
    private static ValueTask<object?> OnceStarted(
        EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.RequestServices.GetRequiredService<ISiloStatusOracle>().CurrentStatus < SiloStatus.Active
            ? ValueTask.FromResult<object?>(Results.Problem("The silo is starting.", statusCode: 503))
            : next(context);

    /// <summary>The membership table's rows, read through Orleans' own management grain.</summary>
    private static async Task<IResult> ReadTable(IGrainFactory grains)
    {
        var rows = await grains.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: false);
        return Results.Ok(rows
            .OrderBy(row => row.SiloName, StringComparer.Ordinal)
            .ThenBy(row => row.SiloAddress.Generation)
            .Select(row => new TableRow(row.SiloAddress.ToParsableString(), row.SiloName, row.HostName,
                row.Status.ToString(), row.StartTime, row.IAmAliveTime)));
    }

    private static async Task<IResult> Call(
        string silo, ClusterView view, SiloCalls calls, CancellationToken cancellationToken)
    {
        if (view.FindActive(silo) is not { } target)
        {
            return Results.Problem($"No silo '{silo}' is Active in this silo's view.", statusCode: 404);
        }

        try
        {
            return Results.Ok(await calls.CallAsync(target, cancellationToken));
        }
        catch (Exception failure) when (failure is TimeoutException or OrleansException)
        {
            return Results.Problem($"The call to {silo} failed: {failure.Message}", statusCode: 503);
        }
    }
}

/// <summary>One row of the membership table, as <c>/table</c> shows it.</summary>
internal sealed record TableRow(
    string Silo, string Name, string HostName, string Status, DateTime Started, DateTime LastSeen);
