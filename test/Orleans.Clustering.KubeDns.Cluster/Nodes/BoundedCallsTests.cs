using System.Diagnostics;
using System.Net;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Cluster.Nodes;

/// <summary>
/// Orleans bounds no call on its table: one that hangs blocks gossip, or the only worker that declares silos dead. So
/// whatever the peers do, each call ends by its option; and what could not be decided throws.
/// </summary>
public abstract class BoundedCalls(int size)
{
    private static readonly KubeDnsClusteringOptions Options = new() { ServiceName = "orleans" };

    /// <summary>For a machine on which much else runs.</summary>
    private static readonly TimeSpan Allowance = TimeSpan.FromSeconds(1.5);

    [Theory]
    [InlineData((int)Line.Silent)]
    [InlineData((int)Line.Refused)]
    public async Task With_no_peer_in_reach_every_call_of_every_node_throws_within_its_option(int line)
    {
        await using var cluster = await NodeCluster.FormAsync(size);
        var before = await cluster.Nodes[0].ReadAsync(mayWrite: false, CancellationToken.None);
        foreach (var node in cluster.Nodes) cluster.Cut(node, (Line)line);

        await Task.WhenAll(cluster.Nodes.Select(node => AllThrowAsync(node, before.Tag)));
    }

    [Fact]
    public async Task With_peers_that_take_connections_and_say_nothing_every_call_throws_within_its_option()
    {
        await using var cluster = await NodeCluster.FormAsync(size);
        var left = cluster.Nodes[1];
        var before = await left.ReadAsync(mayWrite: false, CancellationToken.None);
        foreach (var gone in cluster.Nodes.Where(node => node != left)) await gone.DisposeAsync();
        var mutes = cluster.Nodes.Where(node => node != left)
            .Select(node => new SilentListener(node.Self.Address.Port)).ToList();

        await AllThrowAsync(left, before.Tag);

        mutes.ForEach(mute => mute.Dispose());
    }

    [Fact]
    public async Task With_all_peers_ended_every_call_throws_within_its_option()
    {
        await using var cluster = await NodeCluster.FormAsync(size);
        var left = cluster.Nodes[2];
        var before = await left.ReadAsync(mayWrite: false, CancellationToken.None);
        foreach (var gone in cluster.Nodes.Where(node => node != left)) await gone.DisposeAsync();

        await AllThrowAsync(left, before.Tag);
    }

    [Fact]
    public async Task With_the_leader_in_a_black_hole_the_others_calls_succeed_and_its_own_throw_within_their_options()
    {
        await using var cluster = await NodeCluster.FormAsync(size);
        var leader = cluster.Leader;
        var other = cluster.Nodes.First(node => node != leader);
        var table = Table(other);
        var before = await table.ReadAll();
        var tag = TableTag.Parse(before.Version.VersionEtag)!.Value;
        cluster.Cut(leader, Line.Silent);

        var ownCalls = AllThrowAsync(leader, tag);
        var read = EndsAsync("read", Options.ReadTimeout, () => table.ReadAll());
        var beat = EndsAsync("beat", Options.OperationTimeout, () => table.UpdateIAmAlive(Entry(2)));
        Assert.True(await EndsAsync(
            "insert", Options.OperationTimeout, () => table.InsertRow(Entry(1), before.Version.Next())));
        await Task.WhenAll(read, beat, ownCalls);

        // Heard of the others' version, the old leader falls in; its undecided writes were of the version before.
        cluster.Board.HealAll();
        Assert.Equal(Silo(1), Assert.Single((await Table(leader).ReadAll()).Members).Item1.SiloAddress);
    }

    [Fact]
    public async Task Once_the_peers_are_back_so_is_the_table_and_an_undecided_write_is_in_it_once_or_not_at_all()
    {
        await using var cluster = await NodeCluster.FormAsync(size);
        var table = Table(cluster.Nodes[0]);
        var before = await table.ReadAll();
        foreach (var node in cluster.Nodes) cluster.Cut(node, Line.Silent);
        await Assert.ThrowsAsync<TimeoutException>(() => table.InsertRow(Entry(1), before.Version.Next()));

        cluster.Board.HealAll();

        var after = await EndsAsync("read", Options.ReadTimeout, () => table.ReadAll());
        Assert.Equal(before.Version.Version + after.Members.Count, after.Version.Version);
        Assert.True(await table.InsertRow(Entry(2), after.Version.Next()));
    }

    [Fact]
    public async Task Initialising_waits_for_peers_until_it_is_told_to_stop_and_then_ends_at_once()
    {
        await using var cluster = await NodeCluster.FormAsync(size);
        foreach (var node in cluster.Nodes) cluster.Cut(node, Line.Silent);
        using var stop = new CancellationTokenSource();
        var waiting = Table(cluster.Nodes[0]).InitializeMembershipTableAsync(true, stop.Token);
        Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(Options.ReadTimeout + Allowance)));

        await stop.CancelAsync();

        var error = await Record.ExceptionAsync(() => waiting.WaitAsync(Allowance));
        Assert.IsAssignableFrom<OperationCanceledException>(error);
    }

    // All at once: none may hold up another.
    private static Task AllThrowAsync(ReplicaNode node, TableTag tag)
    {
        var table = Table(node);
        var rowTag = new RowTag(tag.Epoch, tag.Version).ToString();
        var next = new TableVersion(tag.Version + 1, tag.ToString());
        var (writes, reads) = (Options.OperationTimeout, Options.ReadTimeout);
        var row = new Row(
            new("10.1.0.9", 1, 1), SiloState.Active, null, 0, "h", "another", null, 0, 0, 1, 1, null, 0);
        return Task.WhenAll(
            ThrowsAsync("ReadAll", reads, () => table.ReadAll()),
            ThrowsAsync("ReadRow", reads, () => table.ReadRow(Silo(1))),
            ThrowsAsync("InsertRow", writes, () => table.InsertRow(Entry(1), next)),
            ThrowsAsync("UpdateRow", writes, () => table.UpdateRow(Entry(1), rowTag, next)),
            ThrowsAsync("UpdateIAmAlive", writes, () => table.UpdateIAmAlive(Entry(1))),
            ThrowsAsync("Cleanup", writes, () => table.CleanupDefunctSiloEntries(DateTimeOffset.UtcNow)),
            ThrowsAsync("Delete", writes, () => table.DeleteMembershipTableEntries("contract")),
            ThrowsAsync("node's read", reads, () => node.ReadAsync(mayWrite: false, default)),
            ThrowsAsync("node's write", writes, () => node.WriteAsync(new InsertRow(row, tag), default)),
            ThrowsAsync("node's beat", writes, () => node.HeartbeatAsync(row.Silo, 1, default)));
    }

    private static async Task ThrowsAsync(string what, TimeSpan limit, Func<Task> call) =>
        await EndsAsync(what, limit, async () =>
        {
            var error = await Record.ExceptionAsync(call);
            Assert.True(error is TimeoutException, $"{what}: {error?.ToString() ?? "returned"}");
            return true;
        });

    private static Task EndsAsync(string what, TimeSpan limit, Func<Task> call) => EndsAsync(what, limit, async () =>
    {
        await call();
        return true;
    });

    private static async Task<T> EndsAsync<T>(string what, TimeSpan limit, Func<Task<T>> call)
    {
        var clock = Stopwatch.StartNew();
        var result = await call().WaitAsync(limit + TimeSpan.FromSeconds(10));
        Assert.True(clock.Elapsed < limit + Allowance, $"{what} took {clock.Elapsed}, its limit is {limit}");
        return result;
    }

    private static KubeDnsMembershipTable Table(ReplicaNode node) => new(
        () => node,
        () => node.Status,
        MsOptions.Create(Options),
        MsOptions.Create(new ClusterOptions { ClusterId = "contract", ServiceId = "contract" }),
        CancellationToken.None);

    private static MembershipEntry Entry(int number) => new()
    {
        SiloAddress = Silo(number),
        Status = SiloStatus.Active,
        HostName = $"silo-{number}",
        SiloName = $"silo-{number}",
        StartTime = DateTime.UtcNow,
        IAmAliveTime = DateTime.UtcNow,
    };

    private static SiloAddress Silo(int number) => SiloAddress.New(IPAddress.Parse($"10.1.0.{number}"), 11111, number);
}

/// <summary>Over three voters.</summary>
public sealed class ThreeNodeBoundedCallsTests() : BoundedCalls(size: 3);

/// <summary>Over five voters.</summary>
public sealed class FiveNodeBoundedCallsTests() : BoundedCalls(size: 5);
