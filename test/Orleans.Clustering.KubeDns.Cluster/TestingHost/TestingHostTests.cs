using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.TestingHost;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.TestingHost;

/// <summary>Orleans' own testing host, with its distributed grain directory on: real silos and a real client.</summary>
public sealed class TestingHostTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Silos_form_one_cluster_call_each_other_gain_one_lose_one_and_see_one_restart(int count)
    {
        await using var hosted = await HostedCluster.StartAsync(count);
        await hosted.AllAgreeAsync(count);
        Assert.All(hosted.Silos, silo =>
            Assert.IsType<KubeDnsMembershipTable>(HostedCluster.Get<IMembershipTable>(silo)));
        await hosted.EveryoneReachesEveryoneAsync("first");

        var added = await hosted.Cluster.StartAdditionalSiloAsync();
        await hosted.AllAgreeAsync(count + 1);
        await hosted.EveryoneReachesEveryoneAsync("second");

        await hosted.Cluster.RestartSiloAsync(added);
        await hosted.AllAgreeAsync(count + 1);
        await hosted.EveryoneReachesEveryoneAsync("third");

        var stopped = hosted.Silos[^1];
        await hosted.Cluster.StopSiloAsync(stopped);
        hosted.RemovePod(stopped);
        await hosted.AllAgreeAsync(count);
        await hosted.EveryoneReachesEveryoneAsync("fourth");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public async Task The_grains_of_a_killed_silo_are_active_again_elsewhere(int count)
    {
        await using var hosted = await HostedCluster.StartAsync(count);
        await hosted.AllAgreeAsync(count);
        var killed = hosted.Cluster.SecondarySilos[0];
        string[] keys = [.. Enumerable.Range(0, 10).Select(i => $"grain {i}")];
        var there = killed.SiloAddress.ToParsableString();
        foreach (var key in keys) Assert.Equal(there, await hosted.Grain(key).RunsOnAsync(killed.SiloAddress));

        await hosted.Cluster.KillSiloAsync(killed);
        hosted.RemovePod(killed);
        await hosted.AllAgreeAsync(count - 1);

        foreach (var key in keys) Assert.NotEqual(there, await hosted.Grain(key).RunsOn());
        await hosted.EveryoneReachesEveryoneAsync("afterwards");
    }

    [Fact]
    public async Task A_silo_that_is_declared_dead_ends_and_the_others_go_on()
    {
        await using var hosted = await HostedCluster.StartAsync(3);
        await hosted.AllAgreeAsync(3);
        var doomed = hosted.Cluster.SecondarySilos[0];
        var ended = new TaskCompletionSource();
        using var registration = HostedCluster.Get<IHostApplicationLifetime>(doomed)
            .ApplicationStopping.Register(ended.SetResult);

        var other = hosted.Silos.First(silo => silo != doomed);
        var judge = HostedCluster.Get<IClusterMembershipService>(other);
        Assert.True(await judge.TryKill(doomed.SiloAddress));

        await ended.Task.WaitAsync(HostedCluster.Patience);
        await hosted.Cluster.StopSiloAsync(doomed);
        hosted.RemovePod(doomed);
        await hosted.AllAgreeAsync(2);
        await hosted.EveryoneReachesEveryoneAsync("afterwards");
    }

    [Fact]
    public async Task A_client_finds_the_gateways_by_dns_and_learns_of_changes()
    {
        await using var hosted = await HostedCluster.StartAsync(3);
        var provider = hosted.Cluster.Client.ServiceProvider.GetRequiredService<IGatewayListProvider>();
        Assert.IsType<KubeDnsGatewayListProvider>(provider);
        Assert.Equal(Gateways(hosted.Silos), await ListAsync(provider));
        Assert.NotEmpty(await hosted.Grain("any").RunsOn());

        var stopped = hosted.Cluster.SecondarySilos[0];
        await hosted.Cluster.StopSiloAsync(stopped);
        hosted.RemovePod(stopped);

        Assert.Equal(Gateways(hosted.Silos), await ListAsync(provider));
        await hosted.AllAgreeAsync(2);
        Assert.NotEmpty(await hosted.Grain("another").RunsOn());
    }

    // Grain addresses that are kept outside the cluster bear the version they were written at, and outlive it. A silo
    // that meets one above its own table reads until it has caught up, a hundred times a second: so a new cluster must
    // begin above its predecessor. It begins at the clock, which a cluster that writes less than once a second in the
    // mean never outruns.
    [Fact]
    public async Task A_full_restart_begins_above_the_versions_that_the_former_cluster_left_behind()
    {
        int left;
        await using (var former = await HostedCluster.StartAsync(1))
        {
            left = HostedCluster.Get<INode>(former.Silos[0]).Status.TableVersion;
        }

        var mostWritesOfItsEnd = 5;
        await UntilClockPassesAsync(left + mostWritesOfItsEnd);
        await using var hosted = await HostedCluster.StartAsync(1);
        var membership = HostedCluster.Get<IClusterMembershipService>(hosted.Silos[0]);

        Assert.True(membership.CurrentSnapshot.Version > new MembershipVersion(left + mostWritesOfItsEnd));
        await membership.Refresh(new MembershipVersion(left + mostWritesOfItsEnd)).AsTask()
            .WaitAsync(HostedCluster.Patience);
    }

    private static async Task UntilClockPassesAsync(int seconds)
    {
        var zero = new DateTimeOffset(2022, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (var tries = 0; (DateTimeOffset.UtcNow - zero).TotalSeconds <= seconds; tries++)
        {
            Assert.True(tries < 600, $"a cluster of one silo left version {seconds}, far ahead of the clock");
            await Task.Delay(100);
        }
    }

    private static IEnumerable<int> Gateways(IEnumerable<SiloHandle> silos) =>
        silos.Select(silo => silo.GatewayAddress.Endpoint.Port).Order();

    private static async Task<IEnumerable<int>> ListAsync(IGatewayListProvider provider) =>
        (await provider.GetGateways()).Select(gateway => gateway.ToGatewayAddress()!.Endpoint.Port).Order();
}
