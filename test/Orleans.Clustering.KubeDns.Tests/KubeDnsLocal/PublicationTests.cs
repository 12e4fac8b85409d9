using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>When a change of pods shows in the answers.</summary>
public sealed class PublicationTests : IAsyncLifetime
{
    private const string Early = "early.default.svc.cluster.local.";
    private const string Late = "late.default.svc.cluster.local.";

    private readonly ManualTime _time = new();
    private LocalDnsServer _dns = null!;

    public async Task InitializeAsync()
    {
        _dns = await LocalDnsServer.StartAsync(new() { Time = _time });
        _dns.Cluster.AddService(new("default", "early"));
        _dns.Cluster.AddService(new("default", "late"));
        _dns.Cluster.SetServiceFaults("default", "late", new() { PublicationDelayMs = 500 });
    }

    public async Task DisposeAsync() => await _dns.DisposeAsync();

    [Fact]
    public async Task Change_shows_after_the_delay_of_each_service()
    {
        AddPod(1);
        await ShowsAsync("10.0.0.1", "");
        _time.Advance(499);
        await ShowsAsync("10.0.0.1", "");
        _time.Advance(1);
        await ShowsAsync("10.0.0.1", "10.0.0.1");

        _dns.Cluster.RemovePod("default", "silo-1");
        await ShowsAsync("", "10.0.0.1");
        _time.Advance(500);
        await ShowsAsync("", "");
    }

    [Fact]
    public async Task Changes_show_one_after_the_other_as_they_were_made()
    {
        AddPod(1);
        _time.Advance(300);
        AddPod(2);
        _time.Advance(200);
        await ShowsAsync("10.0.0.1 10.0.0.2", "10.0.0.1");
        _time.Advance(300);
        await ShowsAsync("10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2");
    }

    [Fact]
    public async Task Readiness_and_termination_are_changes_too()
    {
        AddPod(1);
        _time.Advance(500);
        Assert.True(_dns.Cluster.SetReady("default", "silo-1", false));
        await ShowsAsync("", "10.0.0.1");
        Assert.True(_dns.Cluster.SetReady("default", "silo-1", true));
        Assert.True(_dns.Cluster.SetTerminating("default", "silo-1"));
        await ShowsAsync("", "10.0.0.1");
        Assert.False(_dns.Cluster.SetReady("default", "silo-9", true));
    }

    [Fact]
    public async Task Frozen_answers_go_on_until_released()
    {
        AddPod(1);
        _time.Advance(500);
        _dns.Cluster.SetServiceFaults("default", "late", new() { PublicationDelayMs = -1 });
        AddPod(2);
        _time.Advance(10_000_000);
        await ShowsAsync("10.0.0.1 10.0.0.2", "10.0.0.1");
        _dns.Cluster.SetServiceFaults("default", "late", null);
        await ShowsAsync("10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2");
    }

    [Fact]
    public async Task Shorter_delay_also_hurries_what_is_under_way_and_old_states_never_return()
    {
        AddPod(1);
        _dns.Cluster.SetServiceFaults("default", "late", new() { PublicationDelayMs = 100 });
        AddPod(2);
        _time.Advance(100);
        await ShowsAsync("10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2");
        _time.Advance(1000);
        await ShowsAsync("10.0.0.1 10.0.0.2", "10.0.0.1 10.0.0.2");
    }

    [Fact]
    public async Task Global_delay_holds_for_services_without_their_own()
    {
        _dns.Cluster.Faults = new() { PublicationDelayMs = 50 };
        AddPod(1);
        await ShowsAsync("", "");
        _time.Advance(50);
        await ShowsAsync("10.0.0.1", "");
    }

    private void AddPod(byte number) => _dns.Cluster.AddPod(new PodSpec("default", $"silo-{number}")
    {
        Addresses = [new IPAddress([10, 0, 0, number])], Services = ["early", "late"],
    });

    private async Task ShowsAsync(string early, string late)
    {
        var probe = new DnsProbe(_dns);
        Assert.Equal((early, late), (await probe.AddressesAsync(Early), await probe.AddressesAsync(Late)));
    }
}
