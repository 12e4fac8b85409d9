using KubeDns.Local.Model;
using KubeDns.Local.Server;
using KubeDns.Local.Wire;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>A real client and real silos; the client has a DNS of its own, so that it alone can be down.</summary>
public sealed class ClientDnsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("ServFail")] // The name server is not up yet.
    [InlineData("NxDomain")] // No silo is ready yet.
    public async Task A_client_outlives_a_DNS_that_is_down_at_its_start_and_later(string answer)
    {
        await using var dns = await SilosDnsAsync();
        await using var silo = new Pod(dns, Pod.NewAddress(), $"silo-0.{Pod.Service} silo-0");
        dns.Cluster.AddPod(Silo("silo-0", silo));
        await silo.StartAsync();
        await using var clientDns = await SilosDnsAsync();
        clientDns.Cluster.AddPod(Silo("silo-0", silo));
        clientDns.Cluster.Faults = new FaultSpec { Answer = Enum.Parse<FaultAnswer>(answer) };
        using var client = Client(clientDns);

        // More questions than one look-up has tries: the start was tried again.
        var retried = FailuresAsync(clientDns, 4);
        var starting = client.StartAsync();
        await retried.WaitAsync(Patience);
        Assert.False(starting.IsCompleted);
        clientDns.Cluster.Faults = FaultSpec.None;
        await starting.WaitAsync(Patience);
        Assert.Equal(1, await CountSilosAsync(client));

        clientDns.Cluster.Faults = new FaultSpec { Answer = Enum.Parse<FaultAnswer>(answer) };
        await FailuresAsync(clientDns, 4).WaitAsync(Patience);
        Assert.Equal(1, await CountSilosAsync(client));
        await client.StopAsync();
    }

    [Fact]
    public async Task A_client_follows_its_gateways_as_they_come_and_go()
    {
        await using var dns = await SilosDnsAsync();
        await using var first = new Pod(dns, Pod.NewAddress(), $"silo-0.{Pod.Service} silo-0");
        await using var second = new Pod(dns, Pod.NewAddress(), $"silo-1.{Pod.Service} silo-1");
        dns.Cluster.AddPod(Silo("silo-0", first));
        await first.StartAsync();
        using var client = Client(dns);
        await client.StartAsync().WaitAsync(Patience);

        dns.Cluster.AddPod(Silo("silo-1", second));
        await second.StartAsync();
        dns.Cluster.SetTerminating("test", "silo-0");
        await first.Host.StopAsync();
        dns.Cluster.RemovePod("test", "silo-0");

        Assert.Equal(1, await UntilAnsweredAsync(() => CountSilosAsync(client)));
        await client.StopAsync();
    }

    private static async Task<LocalDnsServer> SilosDnsAsync()
    {
        var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        dns.Cluster.AddService(new ServiceSpec("test", "orleans-ready") { Ports = [new("gateway", 30000)] });
        return dns;
    }

    private static PodSpec Silo(string name, Pod pod) =>
        PodSpec.OfStatefulSet("test", name, "orleans", pod.Address) with { Services = ["orleans", "orleans-ready"] };

    private static IHost Client(LocalDnsServer dns)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        builder.UseOrleansClient(client => client
            .Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("test", "test"))
            .Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(0.3))
            .UseKubeDnsClustering(options =>
            {
                options.ServiceName = "orleans-ready.test.svc.cluster.local";
                options.NameServers = [$"{dns.EndPoint}"];
            }));
        return builder.Build();
    }

    private static async Task FailuresAsync(LocalDnsServer dns, int count)
    {
        for (var seen = 0; seen < count; seen++)
        {
            await dns.NextQueryAsync(query => query.Code is not ResponseCode.NoError);
        }
    }

    private static async Task<int> CountSilosAsync(IHost client)
    {
        var grain = client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0);
        return (await grain.GetHosts(onlyActive: true)).Count;
    }

    // While its gateway goes, a call may fail; the next one finds another.
    private static async Task<int> UntilAnsweredAsync(Func<Task<int>> call)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await call().WaitAsync(limit.Token);
            }
            catch (Exception fault) when (fault is OrleansException or TimeoutException)
            {
                limit.Token.ThrowIfCancellationRequested();
            }
        }
    }
}
