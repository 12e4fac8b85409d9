using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Hosting;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>The checks as an application adds and maps them, around a silo's whole life.</summary>
public sealed class HealthChecksTests
{
    private static readonly Dictionary<string, string?> Settings = new()
    {
        ["Orleans:Clustering:ProviderType"] = "KubeDns",
        ["Orleans:Clustering:ServiceName"] = "orleans",
        ["Orleans:Clustering:StatusPort"] = "0",
    };

    [Fact]
    public async Task Each_check_has_its_name_and_its_tag()
    {
        await using var silo = Silo();
        await silo.Host.StartAsync();

        var entries = (await silo.Get<HealthCheckService>().CheckHealthAsync()).Entries;

        Assert.Equal(["kubedns-live", "kubedns-ready", "kubedns-status"], entries.Keys.Order());
        Assert.All(entries, entry => Assert.Equal(entry.Key, $"kubedns-{Assert.Single(entry.Value.Tags)}"));
        Assert.All(entries, entry => Assert.Equal(HealthStatus.Healthy, entry.Value.Status));
        await silo.Host.StopAsync();
    }

    [Fact]
    public async Task A_silo_is_live_from_the_start_and_ready_only_while_it_is_active()
    {
        await using var silo = Silo(hold: true);
        var starting = silo.Host.StartAsync();
        await Eventually.HoldsAsync(() => silo.Calls.Contains("node joins"));
        Assert.Equal(("Healthy", "Unhealthy"), (await LookAsync(silo, "live"), await LookAsync(silo, "ready")));

        silo.Node.Joining.SetResult();
        await starting;
        Assert.Equal(("Healthy", "Healthy"), (await LookAsync(silo, "live"), await LookAsync(silo, "ready")));

        await silo.Host.StopAsync();
        Assert.Equal(("Unhealthy", "Unhealthy"), (await LookAsync(silo, "live"), await LookAsync(silo, "ready")));
        Assert.Equal("Healthy", await LookAsync(silo, "status"));
    }

    private static SiloUnderTest Silo(bool hold = false) => new(
        builder => builder.Services.AddHealthChecks().AddKubeDnsHealthChecks(), Settings)
    {
        HoldJoining = hold,
    };

    private static async Task<string> LookAsync(SiloUnderTest silo, string tag)
    {
        var report = await silo.Get<HealthCheckService>().CheckHealthAsync(check => check.Tags.Contains(tag));
        return $"{Assert.Single(report.Entries).Value.Status}";
    }
}
