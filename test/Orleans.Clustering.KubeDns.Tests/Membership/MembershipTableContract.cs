using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

/// <summary>A cluster to hold the contract against: its replicas, each of which any test may ask.</summary>
internal interface IReplicaCluster : IAsyncDisposable
{
    IReadOnlyList<IReplicatedTable> Replicas { get; }

    /// <summary>
    /// A replica of another cluster in the same place, whose id begins with this one's; formed when first asked for.
    /// </summary>
    Task<IReplicatedTable> OtherAsync();
}

/// <summary>
/// What Orleans asks of a membership table, from its documentation, its test base and its conformance kit, in our
/// words; docs/testing.md lists the cases. Derive once for each kind and size of cluster. The tests go round the
/// replicas, so that what one of them wrote another is asked for.
/// </summary>
public abstract partial class MembershipTableContract : IAsyncLifetime
{
    internal const string ClusterId = "contract";
    internal const string OtherId = "contract-too";
    private static readonly DateTime Start = new(2026, 3, 4, 5, 6, 7, 89, DateTimeKind.Utc);

    private readonly ContractHistory _history = new();
    private readonly ContractHistory _otherHistory = new();
    private IReplicaCluster _cluster = null!;
    private int _next;
    private int _round;

    /// <summary>Forms a fresh cluster whose replicas have all joined.</summary>
    private protected abstract Task<IReplicaCluster> FormAsync();

    /// <summary>Runs a case: once, or over and over while the replicas are disturbed.</summary>
    private protected virtual Task HoldAsync(Func<Task> round) => round();

    /// <summary>Whether calls may end without telling their outcome, since the replicas are disturbed.</summary>
    private protected virtual bool MayLoseAnswers => false;

    private protected IReplicaCluster Cluster => _cluster;

    public async Task InitializeAsync()
    {
        _cluster = await FormAsync();
        await Task.WhenAll(_cluster.Replicas.Select(replica => Handle(replica).InitializeMembershipTable(true)));
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    // A later round finds an empty table, and has silos of its own: heartbeats outlive the rows that were deleted.
    private Task CaseAsync(Func<Task> body) => HoldAsync(async () =>
    {
        if (_round++ > 0) await Table.DeleteMembershipTableEntries(ClusterId);
        await body();
    });

    /// <summary>A handle on the next replica in turn.</summary>
    private ContractCaller Table => On(NextReplica());

    private ContractCaller OlderTable => On(NextReplica(), older: true);

    /// <summary>One handle on every replica, independent of each other.</summary>
    private List<ContractCaller> Handles => [.. _cluster.Replicas.Select(replica => On(replica))];

    /// <summary>A handle on the cluster whose id has ours as its beginning, its table empty.</summary>
    private async Task<ContractCaller> OtherAsync()
    {
        var other = new ContractCaller(Handle(await _cluster.OtherAsync(), OtherId), _otherHistory, MayLoseAnswers);
        await other.InitializeMembershipTable(true);
        await other.DeleteMembershipTableEntries(OtherId);
        return other;
    }

    private ContractCaller On(IReplicatedTable replica, bool older = false) =>
        new(Handle(replica, older: older), _history, MayLoseAnswers);

    private IReplicatedTable NextReplica() =>
        _cluster.Replicas[(Interlocked.Increment(ref _next) & int.MaxValue) % _cluster.Replicas.Count];

    private static KubeDnsMembershipTable Handle(
        IReplicatedTable replica, string clusterId = ClusterId, bool older = false) =>
        new KubeDnsMembershipTable(
            () => replica,
            () => null,
            MsOptions.Create(new KubeDnsClusteringOptions { ServiceName = "orleans" }),
            MsOptions.Create(new ClusterOptions { ClusterId = clusterId, ServiceId = "contract" }),
            CancellationToken.None)
        {
            CleansUpAllButActive = older,
        };

    private MembershipEntry Entry(int number, SiloStatus status = SiloStatus.Active) => new()
    {
        SiloAddress = Silo(number),
        Status = status,
        SuspectTimes = [Tuple.Create(Silo(900), Start.AddTicks(number))],
        ProxyPort = 30000 + number,
        HostName = $"silo-{number}.orleans.shop.svc.cluster.local",
        SiloName = $"silo-{number}",
        RoleName = "shop",
        UpdateZone = 2,
        FaultZone = 3,
        StartTime = Start,
        IAmAliveTime = Start.AddSeconds(number).AddTicks(7),
    };

    private SiloAddress Silo(int number) => SiloAddress.New(
        System.Net.IPAddress.Parse($"10.1.{number / 250}.{1 + (number % 250)}"), 11111, (_round * 10_000) + number);

    /// <summary>Inserts an entry that nobody contends for.</summary>
    private async Task<MembershipTableData> InsertedAsync(params MembershipEntry[] entries)
    {
        foreach (var entry in entries)
        {
            var before = await Table.ReadAll();
            Assert.True(await Table.InsertRow(entry, before.Version.Next()));
        }

        return await Table.ReadAll();
    }

    /// <summary>Updates a row that nobody contends for.</summary>
    private async Task<MembershipTableData> UpdatedAsync(MembershipEntry entry)
    {
        var before = await Table.ReadAll();
        var etag = before.TryGet(entry.SiloAddress)!.Item2;
        Assert.True(await Table.UpdateRow(entry, etag, before.Version.Next()));
        return await Table.ReadAll();
    }

    // A voter that was cut off from a heartbeat shows the one before, until the silo beats again: so it does.
    private async Task BeatAsync(int number, DateTime alive)
    {
        var beat = new MembershipEntry { SiloAddress = Silo(number), IAmAliveTime = alive };
        do await Table.UpdateIAmAlive(beat);
        while (MayLoseAnswers && !await EverybodyShowsAsync(beat.SiloAddress, alive));
    }

    private async Task<bool> EverybodyShowsAsync(SiloAddress silo, DateTime alive)
    {
        foreach (var handle in Handles)
        {
            if ((await handle.ReadAll()).TryGet(silo)?.Item1.IAmAliveTime < alive) return false;
        }

        return true;
    }

    private async Task AssertUnchangedAsync(MembershipTableData before)
    {
        var after = await Table.ReadAll();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(Rows(before), Rows(after));
    }

    private async Task RefusedAsync(Func<Task<bool>> write)
    {
        var before = await Table.ReadAll();
        Assert.False(await write());
        await AssertUnchangedAsync(before);
    }

    private static IEnumerable<string> Rows(MembershipTableData table) =>
        table.Members.Select(member => $"{Show(member.Item1)} {member.Item2}").Order(StringComparer.Ordinal);

    private static string Show(MembershipEntry entry) => ContractRows.Show(entry);

    private string EtagOf(MembershipTableData table, int number) => table.TryGet(Silo(number))!.Item2;
}
