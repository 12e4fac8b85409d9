using Orleans.Clustering.KubeDns.Membership;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>Every operation that Orleans has on the table, and what the node calls it.</summary>
internal static class TableCalls
{
    /// <summary>Its limit is far off: the node's own clock, which the stage moves, is to end the calls.</summary>
    private static readonly TimeSpan FarOff = TimeSpan.FromMinutes(5);

    private static readonly DateTimeOffset LongAgo = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public delegate Task Call(KubeDnsMembershipTable table, Looked looked, CancellationToken token);

    /// <summary>By the name of the method: the operation, and a call that succeeds after a look at the table.</summary>
    public static IReadOnlyDictionary<string, (string Op, Call Call)> All { get; } =
        new Dictionary<string, (string, Call)>
        {
            [nameof(KubeDnsMembershipTable.InitializeMembershipTableAsync)] =
                ("read", (table, _, token) => table.InitializeMembershipTableAsync(true, token)),
            [nameof(KubeDnsMembershipTable.ReadAllAsync)] = ("read", (table, _, token) => table.ReadAllAsync(token)),
            [nameof(KubeDnsMembershipTable.ReadRowAsync)] =
                ("read", (table, looked, token) => table.ReadRowAsync(looked.Mine.SiloAddress, token)),
            [nameof(KubeDnsMembershipTable.InsertRowAsync)] = ("insert_row", Insert),
            [nameof(KubeDnsMembershipTable.UpdateRowAsync)] = ("update_row", Update),
            [nameof(KubeDnsMembershipTable.UpdateIAmAliveAsync)] =
                ("heartbeat", (table, looked, token) => table.UpdateIAmAliveAsync(looked.Mine, token)),
            [nameof(KubeDnsMembershipTable.CleanupDefunctSiloEntriesAsync)] =
                ("cleanup", (table, _, token) => table.CleanupDefunctSiloEntriesAsync(LongAgo, token)),
            [nameof(KubeDnsMembershipTable.DeleteMembershipTableEntriesAsync)] =
                ("delete_all", (table, _, token) => table.DeleteMembershipTableEntriesAsync("shop", token)),
        };

    /// <summary>Those that end by themselves: initialising waits, and each of its reads is an operation.</summary>
    public static IEnumerable<(string Op, Call Call)> Bounded =>
        All.Where(call => call.Key != nameof(KubeDnsMembershipTable.InitializeMembershipTableAsync))
            .Select(call => call.Value);

    public static KubeDnsMembershipTable Table(StagedNode node) => new(
        () => node.Node,
        () => node.Status,
        MsOptions.Create(new KubeDnsClusteringOptions { OperationTimeout = FarOff }),
        MsOptions.Create(new ClusterOptions { ClusterId = "shop" }),
        CancellationToken.None);

    /// <summary>The table as it is now, whose first row is that of the stage's first silo.</summary>
    public static async Task<Looked> LookAsync(NodeStage stage, KubeDnsMembershipTable table)
    {
        var all = await stage.RunAsync(table.ReadAllAsync(default));
        var address = stage.Nodes[0].Member.Silo;
        var (mine, etag) = Assert.Single(all.Members, row => row.Item1.SiloAddress.Generation == address.Generation);
        return new Looked(mine, etag, all.Version);
    }

    private static Task Insert(KubeDnsMembershipTable table, Looked looked, CancellationToken token) =>
        table.InsertRowAsync(
            new MembershipEntry
            {
                SiloAddress = SiloAddress.New(looked.Mine.SiloAddress.Endpoint, looked.Mine.SiloAddress.Generation + 1),
                Status = SiloStatus.Joining,
                HostName = looked.Mine.HostName,
                SiloName = looked.Mine.SiloName,
            },
            looked.Version.Next(), token);

    private static Task Update(KubeDnsMembershipTable table, Looked looked, CancellationToken token) =>
        table.UpdateRowAsync(looked.Mine, looked.ETag, looked.Version.Next(), token);

    internal sealed record Looked(MembershipEntry Mine, string ETag, TableVersion Version);
}
