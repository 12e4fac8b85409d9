using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Adds what the status port tells to the application's own health checks.</summary>
public static class KubeDnsHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds three checks, to be mapped by their tags. <c>kubedns-live</c> (tag <c>live</c>) is unhealthy if the silo's
    /// own loop stands still; <c>kubedns-ready</c> (<c>ready</c>) before the silo is Active and once it stops;
    /// <c>kubedns-status</c> (<c>status</c>) is degraded, never unhealthy, for what an operator should look at. Neither
    /// liveness nor readiness depends on a quorum.
    /// </summary>
    /// <param name="builder">The health checks builder of a host that has a silo.</param>
    /// <returns>The health checks builder.</returns>
    public static IHealthChecksBuilder AddKubeDnsHealthChecks(this IHealthChecksBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder
            .Add(Check("live", HealthStatus.Unhealthy, services => new ProbeCheck(() => Probes.Live(Node(services)))))
            .Add(Check("ready", HealthStatus.Unhealthy, services => new ProbeCheck(() => Ready(services))))
            .Add(Check("status", HealthStatus.Degraded, services => new StatusCheck(() => Node(services))));
    }

    private static HealthCheckRegistration Check(
        string name, HealthStatus failure, Func<IServiceProvider, IHealthCheck> make) =>
        new($"kubedns-{name}", make, failure, [name]);

    private static NodeStatus Node(IServiceProvider services) => services.GetRequiredService<INode>().Status;

    private static ProbeResult Ready(IServiceProvider services) => Probes.Ready(
        services.GetRequiredService<ISiloStatusOracle>().CurrentStatus,
        services.GetService<IHostApplicationLifetime>()?.ApplicationStopping.IsCancellationRequested ?? false);
}
