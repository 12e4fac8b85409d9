using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.TestingHost;

/// <summary>Orleans' own testing host: real silos and a real client that share nothing but a DNS name.</summary>
public sealed class TestingHostTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private DnsNamespace _dns = null!;
    private TestCluster _cluster = null!;

    public async Task InitializeAsync()
    {
        _dns = await DnsNamespace.StartAsync();
        var builder = new TestClusterBuilder(3);
        builder.Options.UseTestClusterMembership = false;
        builder.Options.ConnectionTransport = ConnectionTransportType.TcpSocket;
        builder.Options.ConfigureFileLogging = false;
        builder.Properties[PodSilo.Dns] = _dns.Address;
        builder.AddSiloBuilderConfigurator<PodSilo>();
        builder.AddClientBuilderConfigurator<DnsClientConfigurator>();
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await _cluster.StopAllSilosAsync();
        await _cluster.DisposeAsync();
        await _dns.DisposeAsync();
    }

    [Fact]
    public async Task Three_silos_form_one_cluster_call_each_other_lose_one_and_gain_one()
    {
        await AllAgreeAsync(3);
        Assert.All(_cluster.Silos, silo => Assert.IsType<KubeDnsMembershipTable>(Get<IMembershipTable>(silo)));
        await EveryoneReachesEveryoneAsync("first");

        var stopped = _cluster.SecondarySilos[^1];
        await _cluster.StopSiloAsync(stopped);
        _dns.RemovePod(PodSilo.PodOf(stopped.Name));
        await AllAgreeAsync(2);
        await EveryoneReachesEveryoneAsync("second");

        var added = await _cluster.StartAdditionalSiloAsync();
        await AllAgreeAsync(3);
        Assert.Contains(added, _cluster.Silos);
        await EveryoneReachesEveryoneAsync("third");
    }

    [Fact]
    public async Task A_client_finds_the_gateways_by_dns_and_learns_of_changes()
    {
        var provider = _cluster.Client.ServiceProvider.GetRequiredService<IGatewayListProvider>();
        Assert.IsType<KubeDnsGatewayListProvider>(provider);
        Assert.Equal(Gateways(_cluster.Silos), await ListAsync(provider));
        Assert.NotEmpty(await _cluster.Client.GetGrain<IWhereGrain>("any").RunsOn());

        var stopped = _cluster.SecondarySilos[0];
        await _cluster.StopSiloAsync(stopped);
        _dns.RemovePod(PodSilo.PodOf(stopped.Name));

        Assert.Equal(Gateways(_cluster.Silos), await ListAsync(provider));
        await AllAgreeAsync(2);
        Assert.NotEmpty(await _cluster.Client.GetGrain<IWhereGrain>("another").RunsOn());
    }

    // Each silo's view arrives on its own; the updates are waited for, with a limit.
    private async Task AllAgreeAsync(int count)
    {
        var wanted = _cluster.Silos.Select(silo => silo.SiloAddress).ToHashSet();
        Assert.Equal(count, wanted.Count);
        using var limit = new CancellationTokenSource(Patience);
        foreach (var silo in _cluster.Silos)
        {
            var updates = Get<IClusterMembershipService>(silo).MembershipUpdates;
            await foreach (var view in updates.WithCancellation(limit.Token))
            {
                if (Active(view).ToHashSet().SetEquals(wanted)) break;
            }
        }

        Assert.Single(_cluster.Silos.Select(silo => Get<INode>(silo).Status.Lineage).Distinct());
    }

    private async Task EveryoneReachesEveryoneAsync(string round)
    {
        foreach (var from in _cluster.Silos)
        {
            var caller = _cluster.Client.GetGrain<IWhereGrain>($"{round} from {from.Name}");
            RequestContext.Set(IPlacementDirector.PlacementHintKey, from.SiloAddress);
            Assert.Equal(from.SiloAddress.ToParsableString(), await caller.RunsOn());
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
            foreach (var to in _cluster.Silos)
            {
                var answer = await caller.AskOther($"{round} {from.Name} to {to.Name}", to.SiloAddress);
                Assert.Equal(to.SiloAddress.ToParsableString(), answer);
            }
        }
    }

    private static IEnumerable<SiloAddress> Active(ClusterMembershipSnapshot view) => view.Members.Values
        .Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress);

    private static T Get<T>(SiloHandle silo) where T : notnull =>
        ((InProcessSiloHandle)silo).ServiceProvider.GetRequiredService<T>();

    private static IEnumerable<int> Gateways(IEnumerable<SiloHandle> silos) =>
        silos.Select(silo => silo.GatewayAddress.Endpoint.Port).Order();

    private static async Task<IEnumerable<int>> ListAsync(IGatewayListProvider provider) =>
        (await provider.GetGateways()).Select(gateway => gateway.ToGatewayAddress()!.Endpoint.Port).Order();
}
