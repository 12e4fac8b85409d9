using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Metadata;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.TestingHost;

/// <summary>Silos and a client of Orleans' testing host that share nothing but a DNS name.</summary>
internal sealed class HostedCluster : IAsyncDisposable
{
    /// <summary>How long anything may take that is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly IPodDns _dns;

    private HostedCluster(IPodDns dns, TestCluster cluster) => (_dns, Cluster) = (dns, cluster);

    public TestCluster Cluster { get; }

    public IReadOnlyList<SiloHandle> Silos => Cluster.Silos;

    public static async Task<HostedCluster> StartAsync(int silos) =>
        await StartAsync(silos, await DnsNamespace.StartAsync());

    /// <param name="dns">Disposed of with the cluster.</param>
    public static async Task<HostedCluster> StartAsync(int silos, IPodDns dns)
    {
        DnsNamespace.Announce(dns);
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

    // Each silo's view arrives on its own, and so does its knowledge of what the others can run: until it has a silo's
    // manifest it places nothing there. Both are waited for, with a limit.
    public async Task AllAgreeAsync(int count)
    {
        var wanted = Silos.Select(silo => silo.SiloAddress).ToHashSet();
        Assert.Equal(count, wanted.Count);
        using var limit = new CancellationTokenSource(Patience);
        foreach (var silo in Silos)
        {
            var views = Get<IClusterMembershipService>(silo).MembershipUpdates;
            await UntilAsync(views, view => wanted.SetEquals(Active(view)), limit.Token);
            var manifests = Get<IClusterManifestProvider>(silo).Updates;
            await UntilAsync(manifests, manifest => wanted.SetEquals(manifest.Silos.Keys), limit.Token);
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
        DnsNamespace.Forget(_dns);
        await _dns.DisposeAsync();
    }

    private static IEnumerable<SiloAddress> Active(ClusterMembershipSnapshot view) => view.Members.Values
        .Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress);

    private static async Task UntilAsync<T>(IAsyncEnumerable<T> updates, Func<T, bool> agrees, CancellationToken limit)
    {
        await foreach (var update in updates.WithCancellation(limit))
        {
            if (agrees(update)) return;
        }
    }
}
