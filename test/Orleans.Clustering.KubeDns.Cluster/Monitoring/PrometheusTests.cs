using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Cluster.TestingHost;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Monitoring;

/// <summary>Not beside other tests: the exporter tells of every silo of this process.</summary>
[CollectionDefinition(nameof(PrometheusTests), DisableParallelization = true)]
public sealed class PrometheusTestsAlone;

/// <summary>The alert rules and the dashboard, by a real Prometheus.</summary>
[Collection(nameof(PrometheusTests))]
public sealed class PrometheusTests
{
    [SkippableFact]
    public async Task Each_alert_comes_when_what_it_is_for_happens_and_not_before()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var metrics = new Metrics(services.GetRequiredService<IMeterFactory>());
        var (counts, transport, operations) = (new NodeCounts(), new TransportCounts(), new Operations());
        var status = Status();
        metrics.Watch(counts);
        metrics.Watch(transport);
        metrics.Watch(operations);
        metrics.Watch(() => status);
        await using var prometheus = await Prometheus.StartAsync(At("k8s/monitoring/alerts.yaml"));
        await Prometheus.UntilAsync(() => "to have seen a while", async () =>
            await prometheus.CountAsync("count_over_time(quorum[1m]) > 3") > 0);

        var before = await prometheus.RulesAsync();

        Assert.Equal(7, before.Count);
        Assert.All(before, rule => Assert.Equal("inactive", rule.Value));

        counts.Saw(new Trace("Rescued", ""));
        counts.Saw(new Trace("LineageConflict", ""));
        transport.AuthFailed();
        for (var i = 0; i < 6; i++) await TimeOutAsync(operations);
        status = status with
        {
            Vitals = status.Vitals with { HasQuorum = false, IsSelfListed = false, RescueBlockedBy = "still_ready" },
        };

        await Prometheus.UntilAsync(() => "to raise every alert", async () =>
            (await prometheus.RulesAsync()).All(rule => rule.Value is "pending" or "firing"));
    }

    [SkippableFact]
    public async Task Every_panel_of_the_dashboard_shows_something_of_a_silo_that_works()
    {
        await using var prometheus = await Prometheus.StartAsync(At("k8s/monitoring/alerts.yaml"));
        await using var cluster = await HostedCluster.StartAsync(1);
        var blind = Expressions().ToList();
        Assert.InRange(blind.Count, 30, 100);

        // Nothing waits for evidence in a cluster that works, and a silo alone greets nobody.
        Assert.Equal(2, blind.RemoveAll(each => each.Contains("rescue_blocked") || each.Contains("greetings_total")));
        await Prometheus.UntilAsync(() => $"to answer:\n{string.Join('\n', blind)}", async () =>
        {
            foreach (var expression in blind.ToList())
            {
                if (await prometheus.CountAsync(expression) > 0) blind.Remove(expression);
            }

            return blind.Count == 0;
        });
    }

    // What Grafana puts in for its variables.
    private static IEnumerable<string> Expressions() =>
        JsonDocument.Parse(File.ReadAllText(At("k8s/monitoring/dashboard.json"))).RootElement
            .GetProperty("panels").EnumerateArray()
            .Where(panel => panel.TryGetProperty("targets", out _))
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!
                .Replace("$namespace", ".*").Replace("$__rate_interval", "10s").Replace("$__range", "1m"));

    private static async Task TimeOutAsync(Operations operations) =>
        await Assert.ThrowsAsync<TimeoutException>(() => operations.WatchAsync(
            "Read", TimeSpan.FromSeconds(1), TimeProvider.System, () => 0, () => 1,
            () => throw new TimeoutException()));

    private static NodeStatus Status()
    {
        var self = new MemberId("silo-0", new("10.1.0.1", 11112), new("10.1.0.1", 11111, 1), new(1));
        return new NodeStatus(
            NodePhase.Joined, "", TimeSpan.Zero, self, Guid.NewGuid(), 1, 1, 1, true, true, [], [], [], "")
        {
            Vitals = new() { HasQuorum = true, IsSelfListed = true },
        };
    }

    private static string At(string path, [CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../..", path));
}
