using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Membership;

/// <summary>
/// Orleans' view of the replicated table. An outage or an unknown outcome throws, a lost compare-and-swap returns
/// false, and a table is empty only when it truly is. Every call is bounded, since Orleans bounds none.
/// </summary>
/// <remarks>
/// Orleans calls the members that take a token; the published ones have them as default interface members, other
/// builds may lack them. A public virtual method of the right shape implements either, so one binary serves both; that
/// is why they are virtual, and the class, which nobody derives from, is not sealed.
/// </remarks>
internal class KubeDnsMembershipTable : IMembershipTable
{
    // The node is resolved on first use: Orleans constructs its table before it validates any options.
    private readonly Lazy<IReplicatedTable> _table;
    private readonly IOptions<KubeDnsClusteringOptions> _options;
    private readonly IOptions<ClusterOptions> _cluster;
    private readonly OperationBounds _bounds;
    private int _hasLooked;

    /// <summary>Reads nothing and asks nobody.</summary>
    public KubeDnsMembershipTable(
        Func<IReplicatedTable> table,
        Func<NodeStatus?> status,
        IOptions<KubeDnsClusteringOptions> options,
        IOptions<ClusterOptions> cluster,
        CancellationToken applicationStopping)
    {
        _table = new Lazy<IReplicatedTable>(table, LazyThreadSafetyMode.PublicationOnly);
        _options = options;
        _cluster = cluster;
        _bounds = new OperationBounds(status, applicationStopping);
    }

    /// <summary>
    /// Whether clean-up also removes old rows that are neither Active nor Dead, as older Orleans expected.
    /// </summary>
    internal bool CleansUpAllButActive { get; init; }

    /// <summary>Waits, however long, until this silo has joined or founded; its host's stop ends the wait.</summary>
    public virtual Task InitializeMembershipTableAsync(bool tryInitTableVersion, CancellationToken cancellationToken) =>
        _bounds.UntilStoppedAsync(token => _table.Value.WaitUntilJoinedAsync(token), cancellationToken);

    /// <summary>Removes every row, if <paramref name="clusterId"/> is ours; another cluster's are not here.</summary>
    public virtual async Task DeleteMembershipTableEntriesAsync(string clusterId, CancellationToken cancellationToken)
    {
        if (!string.Equals(clusterId, _cluster.Value.ClusterId, StringComparison.Ordinal)) return;
        await WriteAsync("delete all rows", new DeleteAll(), cancellationToken);
    }

    /// <summary>
    /// Removes rows of the dead whose last sign of life is older than <paramref name="beforeDate"/>. Whoever checks
    /// the command names its victims, since that replica knows the newest heartbeats.
    /// </summary>
    public virtual Task CleanupDefunctSiloEntriesAsync(
        DateTimeOffset beforeDate, CancellationToken cancellationToken) =>
        WriteAsync("clean up", new Cleanup(beforeDate.UtcTicks, CleansUpAllButActive, default), cancellationToken);

    /// <inheritdoc cref="IMembershipTable.ReadRow"/>
    public virtual async Task<MembershipTableData> ReadRowAsync(SiloAddress key, CancellationToken cancellationToken)
    {
        var silo = RowMapping.ToSiloId(key);
        return RowMapping.ToTable(await ReadAsync(mayWrite: false, cancellationToken), other => other == silo);
    }

    /// <summary>The whole table. Orleans reads it so before it writes; the first time it only looks.</summary>
    public virtual async Task<MembershipTableData> ReadAllAsync(CancellationToken cancellationToken)
    {
        var mayWrite = Interlocked.Exchange(ref _hasLooked, 1) == 1 && ReadPurpose.MayWrite;
        return RowMapping.ToTable(await ReadAsync(mayWrite, cancellationToken), _ => true);
    }

    /// <inheritdoc cref="IMembershipTable.InsertRow"/>
    public virtual async Task<bool> InsertRowAsync(
        MembershipEntry entry, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        if (Expected(tableVersion) is not { } expected) return false;
        var row = RowMapping.ToRow(entry, _table.Value.Self);
        return await WriteAsync("insert a row", new InsertRow(row, expected), cancellationToken);
    }

    /// <inheritdoc cref="IMembershipTable.UpdateRow"/>
    public virtual async Task<bool> UpdateRowAsync(
        MembershipEntry entry, string etag, TableVersion tableVersion, CancellationToken cancellationToken)
    {
        if (Expected(tableVersion) is not { } expected || RowTag.Parse(etag) is not { } expectedRow) return false;
        var row = RowMapping.ToRow(entry, _table.Value.Self);
        return await WriteAsync("update a row", new UpdateRow(row, expectedRow, expected), cancellationToken);
    }

    /// <summary>Tells the voters that a silo lives; of <paramref name="entry"/> only address and time count.</summary>
    public virtual Task UpdateIAmAliveAsync(MembershipEntry entry, CancellationToken cancellationToken)
    {
        var silo = RowMapping.ToSiloId(entry.SiloAddress);
        var ticks = entry.IAmAliveTime.Ticks;
        return _bounds.RunAsync("tell that this silo lives", _options.Value.OperationTimeout, async token =>
        {
            await _table.Value.HeartbeatAsync(silo, ticks, token);
            return true;
        }, cancellationToken);
    }

    /// <inheritdoc />
    public Task InitializeMembershipTable(bool tryInitTableVersion) =>
        InitializeMembershipTableAsync(tryInitTableVersion, CancellationToken.None);

    /// <inheritdoc />
    public Task DeleteMembershipTableEntries(string clusterId) =>
        DeleteMembershipTableEntriesAsync(clusterId, CancellationToken.None);

    /// <inheritdoc />
    public Task CleanupDefunctSiloEntries(DateTimeOffset beforeDate) =>
        CleanupDefunctSiloEntriesAsync(beforeDate, CancellationToken.None);

    /// <inheritdoc />
    public Task<MembershipTableData> ReadRow(SiloAddress key) => ReadRowAsync(key, CancellationToken.None);

    /// <inheritdoc />
    public Task<MembershipTableData> ReadAll() => ReadAllAsync(CancellationToken.None);

    /// <inheritdoc />
    public Task<bool> InsertRow(MembershipEntry entry, TableVersion tableVersion) =>
        InsertRowAsync(entry, tableVersion, CancellationToken.None);

    /// <inheritdoc />
    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion tableVersion) =>
        UpdateRowAsync(entry, etag, tableVersion, CancellationToken.None);

    /// <inheritdoc />
    public Task UpdateIAmAlive(MembershipEntry entry) => UpdateIAmAliveAsync(entry, CancellationToken.None);

    // Orleans publishes its own write at the version that it asked for, unread: a token that would commit at any other
    // version has lost before it is sent.
    private static TableTag? Expected(TableVersion version) =>
        TableTag.Parse(version.VersionEtag) is { } tag && version.Version == tag.Version + 1 ? tag : null;

    private Task<TableView> ReadAsync(bool mayWrite, CancellationToken cancellationToken) => _bounds.RunAsync(
        "read the table", _options.Value.ReadTimeout, token => _table.Value.ReadAsync(mayWrite, token),
        cancellationToken);

    private Task<bool> WriteAsync(string operation, TableCommand change, CancellationToken cancellationToken) =>
        _bounds.RunAsync(operation, _options.Value.OperationTimeout,
            token => _table.Value.WriteAsync(change, token), cancellationToken);
}
