using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Clustering.KubeDns.Node;

namespace Orleans.Clustering.KubeDns.Diagnostics;

/// <summary>A probe as a health check: fit or unhealthy, with its line.</summary>
internal sealed class ProbeCheck(Func<ProbeResult> probe) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var result = probe();
        return Task.FromResult(result.IsFit
            ? HealthCheckResult.Healthy(result.Line)
            : new HealthCheckResult(context.Registration.FailureStatus, result.Line));
    }
}

/// <summary>
/// What the operator should look at though the silo serves: degraded at worst, with a line for each reason. Restarting
/// for it would mend nothing.
/// </summary>
internal sealed class StatusCheck(Func<NodeStatus> node) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(
        HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Of(node()));

    public static HealthCheckResult Of(NodeStatus status) => status.Findings.Count == 0
        ? HealthCheckResult.Healthy("nothing is amiss")
        : HealthCheckResult.Degraded(
            string.Join("; ", status.Findings.Select(finding => $"{finding.Kind}: {finding.Text}")),
            data: status.Findings.ToDictionary(finding => finding.Kind, finding => (object)finding.Text));
}
