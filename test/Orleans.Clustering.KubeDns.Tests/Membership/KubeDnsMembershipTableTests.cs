using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public sealed class KubeDnsMembershipTableTests
{
    private static readonly TableVersion SomeVersion = new(
        8, new TableTag(Guid.NewGuid(), new Epoch(1, InMemoryTable.NewNonce()), 7).ToString());

    private readonly CancellationTokenSource _stopping = new();
    private readonly HangingReplica _hanging = new();

    [Fact]
    public void Constructing_one_asks_for_no_node_and_reads_no_options() =>
        _ = new KubeDnsMembershipTable(
            () => throw new InvalidOperationException(), () => throw new InvalidOperationException(),
            null!, null!, CancellationToken.None);

    public static TheoryData<string, Func<IMembershipTable, Task>> Operations => new()
    {
        { "read the table", table => table.ReadAllAsync(default) },
        { "read the table", table => table.ReadRowAsync(SiloAddress.Zero, default) },
        { "insert a row", table => table.InsertRowAsync(Entry, SomeVersion, default) },
        { "update a row", table => table.UpdateRowAsync(Entry, "1.00.7", SomeVersion, default) },
        { "clean up", table => table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UnixEpoch, default) },
        { "delete all rows", table => table.DeleteMembershipTableEntriesAsync("shop", default) },
        { "tell that this silo lives", table => table.UpdateIAmAliveAsync(Entry, default) },
    };

    [Theory]
    [MemberData(nameof(Operations), DisableDiscoveryEnumeration = true)]
    public async Task Every_operation_that_hangs_ends_in_kdns305(string operation, Func<IMembershipTable, Task> call)
    {
        var fault = await Assert.ThrowsAsync<TimeoutException>(() => call(Table(_hanging, Lonely)));

        Assert.StartsWith("KDNS305: no majority of the voters answered within 0.", fault.Message);
        Assert.Contains($"to {operation}; whether it was decided is unknown.", fault.Message);
    }

    [Fact]
    public async Task Kdns305_says_who_is_missing_what_is_waited_for_and_what_to_type()
    {
        var fault = await Assert.ThrowsAsync<TimeoutException>(() => Table(_hanging, Lonely).ReadAll());

        Assert.Contains("Voters: silo-0, silo-1, silo-2.", fault.Message);
        Assert.Contains(
            "Missing: silo-1.orleans.shop.svc.cluster.local at 10.0.0.2:11112 (silent, last answer 7 s ago).",
            fault.Message);
        Assert.DoesNotContain("silo-2.orleans", fault.Message);
        Assert.Contains("rescue waits for silo-1", fault.Message);
        Assert.EndsWith("kubectl delete pod silo-1 -n shop --force", fault.Message);
    }

    [Fact]
    public async Task The_nodes_own_time_out_is_told_as_kdns305_too()
    {
        var failing = new HangingReplica { Failure = new TimeoutException("no decision") };

        var fault = await Assert.ThrowsAsync<TimeoutException>(() => Table(failing, () => null).ReadAll());

        Assert.StartsWith("KDNS305", fault.Message);
        Assert.Equal("no decision", fault.InnerException!.Message);
    }

    [Theory]
    [MemberData(nameof(Operations), DisableDiscoveryEnumeration = true)]
    public async Task What_a_node_throws_reaches_every_caller_as_it_is(string _, Func<IMembershipTable, Task> call)
    {
        var stopped = new InvalidOperationException("stopped");

        var thrown = await Record.ExceptionAsync(
            () => call(Table(new HangingReplica { Failure = stopped }, () => null)));

        Assert.Same(stopped, thrown);
    }

    [Fact]
    public async Task What_a_node_throws_ends_initialising_as_it_is()
    {
        var stopped = new InvalidOperationException("stopped");
        var table = Table(new HangingReplica { Failure = stopped }, () => null);

        Assert.Same(stopped, await Record.ExceptionAsync(() => table.InitializeMembershipTable(true)));
    }

    [Fact]
    public async Task A_callers_cancellation_is_honoured_during_every_call()
    {
        var table = Table(_hanging, () => null);
        using var cancelled = new CancellationTokenSource();
        var token = cancelled.Token;
        Task[] calls =
        [
            table.InitializeMembershipTableAsync(true, token),
            table.ReadAllAsync(token),
            table.ReadRowAsync(SiloAddress.Zero, token),
            table.InsertRowAsync(Entry, SomeVersion, token),
            table.UpdateRowAsync(Entry, "1.00.7", SomeVersion, token),
            table.UpdateIAmAliveAsync(Entry, token),
            table.CleanupDefunctSiloEntriesAsync(DateTimeOffset.UnixEpoch, token),
            table.DeleteMembershipTableEntriesAsync("shop", token),
        ];

        await cancelled.CancelAsync();

        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            Assert.Equal(token, error.CancellationToken);
        }
    }

    [Fact]
    public async Task Initialising_waits_beyond_every_limit_until_the_application_stops()
    {
        var waiting = Table(_hanging, Lonely).InitializeMembershipTable(true);
        await Task.Delay(TimeSpan.FromMilliseconds(300));
        Assert.False(waiting.IsCompleted);

        await _stopping.CancelAsync();

        var ended = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Contains("rescue waits for silo-1", ended.Message);
    }

    private static MembershipEntry Entry => new() { SiloAddress = SiloAddress.Zero };

    private static NodeStatus Lonely() => new(
        NodePhase.Joined, "rescue waits for silo-1: still listed by orleans-ready.", TimeSpan.Zero,
        InMemoryTable.NewMember(1), Guid.NewGuid(), 1, 5, 7, true, true, ["silo-0", "silo-1", "silo-2"],
        [
            new("10.0.0.2:11112", "silo-1.orleans.shop.svc.cluster.local", "silent", TimeSpan.FromSeconds(7)),
            new("10.0.0.3:11112", "silo-2.orleans.shop.svc.cluster.local", "answers", TimeSpan.Zero),
        ],
        [], "");

    private KubeDnsMembershipTable Table(IReplicatedTable replica, Func<NodeStatus?> status) => new(
        () => replica,
        status,
        MsOptions.Create(new KubeDnsClusteringOptions { OperationTimeout = TimeSpan.FromMilliseconds(100) }),
        MsOptions.Create(new ClusterOptions { ClusterId = "shop" }),
        _stopping.Token);

    // Never answers, and does not even heed its token; or fails at once.
    private sealed class HangingReplica : IReplicatedTable
    {
        public Exception? Failure { get; init; }

        public MemberId Self { get; } = InMemoryTable.NewMember(1);

        public Task WaitUntilJoinedAsync(CancellationToken cancellationToken) => Hang<bool>();

        public Task<TableView> ReadAsync(bool mayWrite, CancellationToken cancellationToken) => Hang<TableView>();

        public Task<bool> WriteAsync(TableCommand change, CancellationToken cancellationToken) => Hang<bool>();

        public Task HeartbeatAsync(SiloId silo, long ticks, CancellationToken cancellationToken) => Hang<bool>();

        private Task<T> Hang<T>() =>
            Failure is null ? new TaskCompletionSource<T>().Task : Task.FromException<T>(Failure);
    }
}
