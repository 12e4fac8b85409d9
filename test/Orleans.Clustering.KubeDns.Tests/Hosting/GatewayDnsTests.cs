using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>A client's list of gateways, as this product is shipped, by real DNS.</summary>
public sealed class GatewayDnsTests : IAsyncLifetime
{
    private LocalDnsServer _dns = null!;
    private IHost _host = null!;
    private IGatewayListProvider _gateways = null!;

    public async Task InitializeAsync()
    {
        _dns = await StartAsync(new IPEndPoint(IPAddress.Loopback, 0));
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client.UseKubeDnsClustering(options =>
        {
            options.ServiceName = "orleans-ready.test.svc.cluster.local";
            options.NameServers = [$"{_dns.EndPoint}"];
        }));
        _host = builder.Build();
        _gateways = _host.Services.GetRequiredService<IGatewayListProvider>();
    }

    public async Task DisposeAsync()
    {
        _host.Dispose();
        await _dns.DisposeAsync();
    }

    [Fact]
    public async Task It_lists_the_ready_silos_and_follows_as_they_come_and_go()
    {
        Add("silo-0", "10.1.0.1");
        Add("silo-1", "10.1.0.2");
        await _gateways.InitializeGatewayListProviderAsync(default);
        Assert.Equal("10.1.0.1:30000 10.1.0.2:30000", await ListAsync());

        Add("silo-2", "10.1.0.3");
        _dns.Cluster.SetReady("test", "silo-0", false);
        Assert.Equal("10.1.0.2:30000 10.1.0.3:30000", await ListAsync());

        _dns.Cluster.RemovePod("test", "silo-1");
        Assert.Equal("10.1.0.3:30000", await ListAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_DNS_is_down_from_the_start_it_throws_what_a_client_retries_and_then_recovers(bool gone)
    {
        Add("silo-0", "10.1.0.1");
        var where = _dns.EndPoint;
        if (gone) await _dns.DisposeAsync();
        else _dns.Cluster.Faults = new FaultSpec { Answer = FaultAnswer.ServFail };

        var fault = await Assert.ThrowsAsync<SiloUnavailableException>(
            () => _gateways.InitializeGatewayListProviderAsync(default));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => _gateways.GetGatewaysAsync(default));
        Assert.Contains($"{where}/udp: ", fault.Message);

        if (gone) _dns = await StartAsync(where);
        Add("silo-0", "10.1.0.1");
        _dns.Cluster.Faults = FaultSpec.None;
        await _gateways.InitializeGatewayListProviderAsync(default);
        Assert.Equal("10.1.0.1:30000", await ListAsync());
    }

    [Fact]
    public async Task When_DNS_goes_down_later_the_list_is_kept()
    {
        Add("silo-0", "10.1.0.1");
        Assert.Equal("10.1.0.1:30000", await ListAsync());

        foreach (var answer in new[] { FaultAnswer.ServFail, FaultAnswer.NxDomain })
        {
            _dns.Cluster.Faults = new FaultSpec { Answer = answer };
            Assert.Equal("10.1.0.1:30000", await ListAsync());
        }

        await _dns.DisposeAsync();
        Assert.Equal("10.1.0.1:30000", await ListAsync());
    }

    [Fact]
    public async Task An_answer_that_is_cut_off_takes_no_gateway_away()
    {
        Add("silo-0", "10.1.0.1");
        Add("silo-1", "10.1.0.2");
        await ListAsync();
        for (var i = 2; i < 40; i++) Add($"silo-{i}", $"10.1.1.{i}");
        _dns.Cluster.RemovePod("test", "silo-0");
        _dns.Cluster.Faults = new FaultSpec { Tcp = TransportFault.Closed };

        Assert.Contains("10.1.0.1:30000", await ListAsync());
    }

    [Fact]
    public async Task A_service_without_any_ready_silo_is_truly_empty()
    {
        Assert.Equal("", await ListAsync());
        Add("silo-0", "10.1.0.1");
        Assert.Equal("10.1.0.1:30000", await ListAsync());
    }

    private static async Task<LocalDnsServer> StartAsync(IPEndPoint where)
    {
        var dns = await LocalDnsServer.StartAsync(new LocalDnsOptions { Listen = where });
        dns.Cluster.AddService(new ServiceSpec("test", "orleans-ready")
        {
            Ports = [new("discovery", 11112), new("gateway", 30000)],
        });
        return dns;
    }

    private void Add(string name, string address) => _dns.Cluster.AddPod(new PodSpec("test", name)
    {
        Addresses = [IPAddress.Parse(address)],
        Services = ["orleans-ready"],
    });

    private async Task<string> ListAsync() => string.Join(
        ' ', (await _gateways.GetGatewaysAsync(default)).Select(uri => $"{uri.Host}:{uri.Port}").Order());
}
