using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.TestingHost;

/// <summary>Silos and a client of Orleans' testing host that share nothing but a DNS name.</summary>
internal sealed class HostedCluster : IAsyncDisposable
{
    /// <summary>How long anything may take that is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DnsNamespace _dns;

    private HostedCluster(DnsNamespace dns, TestCluster cluster) => (_dns, Cluster) = (dns, cluster);

    public TestCluster Cluster { get; }

    public IReadOnlyList<SiloHandle> Silos => Cluster.Silos;

    public static async Task<HostedCluster> StartAsync(int silos)
    {
        var dns = await DnsNamespace.StartAsync();
        var builder = new TestClusterBuilder((short)silos);
        builder.Options.UseTestClusterMembership = false;
        builder.Options.ConnectionTransport = ConnectionTransportType.TcpSocket;
        builder.Options.ConfigureFileLogging = false;
        builder.Properties[PodSilo.Dns] = dns.Address;
        builder.AddSiloBuilderConfigurator<PodSilo>();
        builder.AddClientBuilderConfigurator<DnsClientConfigurator>();
        var hosted = new HostedCluster(dns, builder.Build());
        try
        {
            await hosted.Cluster.DeployAsync();
            return hosted;
        }
        catch
        {
            await hosted.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kubernetes' part in the end of a pod.</summary>
    public void RemovePod(SiloHandle silo) => _dns.RemovePod(PodSilo.PodOf(silo.Name));

    public IWhereGrain Grain(string key) => Cluster.Client.GetGrain<IWhereGrain>(key);

    // Each silo's view arrives on its own; the updates are waited for, with a limit.
    public async Task AllAgreeAsync(int count)
    {
        var wanted = Silos.Select(silo => silo.SiloAddress).ToHashSet();
        Assert.Equal(count, wanted.Count);
        using var limit = new CancellationTokenSource(Patience);
        foreach (var silo in Silos)
        {
            var updates = Get<IClusterMembershipService>(silo).MembershipUpdates;
            await foreach (var view in updates.WithCancellation(limit.Token))
            {
                if (Active(view).ToHashSet().SetEquals(wanted)) break;
            }
        }

        Assert.Single(Silos.Select(silo => Get<INode>(silo).Status.Lineage).Distinct());
    }

    public async Task EveryoneReachesEveryoneAsync(string round)
    {
        foreach (var from in Silos)
        {
            var key = $"{round} from {from.Name}";
            Assert.Equal(from.SiloAddress.ToParsableString(), await Grain(key).RunsOnAsync(from.SiloAddress));
            foreach (var to in Silos)
            {
                var answer = await Grain(key).AskOther($"{round} {from.Name} to {to.Name}", to.SiloAddress);
                Assert.Equal(to.SiloAddress.ToParsableString(), answer);
            }
        }
    }

    public static T Get<T>(SiloHandle silo) where T : notnull =>
        ((InProcessSiloHandle)silo).ServiceProvider.GetRequiredService<T>();

    public async ValueTask DisposeAsync()
    {
        await Cluster.StopAllSilosAsync();
        await Cluster.DisposeAsync();
        await _dns.DisposeAsync();
    }

    private static IEnumerable<SiloAddress> Active(ClusterMembershipSnapshot view) => view.Members.Values
        .Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress);
}
