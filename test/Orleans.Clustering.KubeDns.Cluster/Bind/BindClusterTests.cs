using Microsoft.Extensions.DependencyInjection;
using Orleans.Clustering.KubeDns.Cluster.TestingHost;
using Orleans.Messaging;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Bind;

/// <summary>Silos and a client of Orleans' testing host whose only common knowledge is a zone of BIND 9.</summary>
public sealed class BindClusterTests
{
    [SkippableTheory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Silos_found_a_cluster_come_and_go_and_a_client_follows(bool udp, bool tcp)
    {
        var named = await Named.StartAsync();
        await using var way = new Way(named.EndPoint) { PassesUdp = udp, PassesTcp = tcp };
        await using var hosted = await HostedCluster.StartAsync(3, new BindNamespace(named, way.EndPoint));
        await hosted.AllAgreeAsync(3);
        var gateways = hosted.Cluster.Client.ServiceProvider.GetRequiredService<IGatewayListProvider>();
        await UntilFollowedAsync(hosted, gateways);

        await hosted.Cluster.StartAdditionalSiloAsync();
        await hosted.AllAgreeAsync(4);
        await UntilFollowedAsync(hosted, gateways);

        var stopped = hosted.Cluster.SecondarySilos[0];
        await hosted.Cluster.StopSiloAsync(stopped);
        hosted.RemovePod(stopped);
        await hosted.AllAgreeAsync(3);
        await UntilFollowedAsync(hosted, gateways);
        await hosted.EveryoneReachesEveryoneAsync("at last");
    }

    // A look-up of a busy machine may take too long for once, and then says what the one before it said.
    private static async Task UntilFollowedAsync(HostedCluster hosted, IGatewayListProvider provider)
    {
        var wanted = hosted.Silos.Select(silo => silo.GatewayAddress.Endpoint.Port).Order().ToList();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var listed = (await provider.GetGateways()).Select(each => each.ToGatewayAddress()!.Endpoint.Port).Order();
            if (listed.SequenceEqual(wanted)) return;
            Assert.False(
                limit.IsCancellationRequested, $"{string.Join(' ', listed)} listed, not {string.Join(' ', wanted)}");
        }
    }
}
