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
}

/// <summary>
/// What Orleans' documentation asks of a membership table, in our words. Derive once for each kind and size of cluster.
/// The tests go round the replicas, so that what one of them wrote another is asked for.
/// </summary>
public abstract partial class MembershipTableContract : IAsyncLifetime
{
    private const string ClusterId = "contract";
    private static readonly DateTime Start = new(2026, 3, 4, 5, 6, 7, 89, DateTimeKind.Utc);

    private IReplicaCluster _cluster = null!;
    private int _next;

    /// <summary>Forms a fresh cluster whose replicas have all joined.</summary>
    private protected abstract Task<IReplicaCluster> FormAsync();

    public async Task InitializeAsync()
    {
        _cluster = await FormAsync();
        await Task.WhenAll(_cluster.Replicas.Select(replica => Handle(replica).InitializeMembershipTable(true)));
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    /// <summary>A handle on the next replica in turn.</summary>
    private KubeDnsMembershipTable Table => Handle(NextReplica());

    private KubeDnsMembershipTable OlderTable => Handle(NextReplica(), older: true);

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

    private static MembershipEntry Entry(int number, SiloStatus status = SiloStatus.Active) => new()
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

    private static SiloAddress Silo(int number) =>
        SiloAddress.New(System.Net.IPAddress.Parse($"10.1.{number / 250}.{1 + (number % 250)}"), 11111, 500 + number);

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

    private async Task AssertUnchangedAsync(MembershipTableData before)
    {
        var after = await Table.ReadAll();
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(Rows(before), Rows(after));
    }

    private static IEnumerable<string> Rows(MembershipTableData table) =>
        table.Members.Select(member => $"{Show(member.Item1)} {member.Item2}").Order();

    private static string Show(MembershipEntry entry) => string.Join('|',
        entry.SiloAddress.ToParsableString(),
        entry.Status,
        entry.SuspectTimes is null
            ? "null"
            : string.Join(',', entry.SuspectTimes.Select(v => $"{v.Item1.ToParsableString()}={v.Item2.Ticks}")),
        entry.ProxyPort,
        entry.HostName,
        entry.SiloName,
        entry.RoleName ?? "null",
        entry.UpdateZone,
        entry.FaultZone,
        entry.StartTime.Ticks,
        entry.IAmAliveTime.Ticks);

    private static string EtagOf(MembershipTableData table, int number) => table.TryGet(Silo(number))!.Item2;
}
