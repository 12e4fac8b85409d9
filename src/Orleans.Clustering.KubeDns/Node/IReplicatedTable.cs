using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>A linearizable view: the table, its tag, and the newest heartbeat known of each silo (UTC ticks).</summary>
internal sealed record TableView(
    TableTag Tag, TableState Table, IReadOnlyDictionary<SiloId, long> Heartbeats);

/// <summary>
/// The membership table as the silos hold it among themselves. Every call is bounded: it returns, or throws
/// <see cref="TimeoutException"/> (no decision by its deadline; the outcome is unknown),
/// <see cref="OperationCanceledException"/>, or <see cref="InvalidOperationException"/> (the node has stopped).
/// </summary>
internal interface IReplicatedTable
{
    /// <summary>This silo's own incarnation.</summary>
    MemberId Self { get; }

    /// <summary>
    /// Waits until this silo has joined or founded a cluster and one linearizable read succeeded. Unbounded but for
    /// the token.
    /// </summary>
    Task WaitUntilJoinedAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A linearizable read. One that <paramref name="mayWrite"/>, before this silo is Active, may be held until others
    /// that start have written (a second at most), so that the write that follows is not lost to theirs.
    /// </summary>
    Task<TableView> ReadAsync(bool mayWrite, CancellationToken cancellationToken);

    /// <summary>
    /// Commits a change. True: exactly this was committed. False: a compare-and-swap that lost.
    /// </summary>
    Task<bool> WriteAsync(TableCommand change, CancellationToken cancellationToken);

    /// <summary>Tells every voter that a silo lives (UTC ticks). Moves neither version nor etags.</summary>
    Task HeartbeatAsync(SiloId silo, long ticks, CancellationToken cancellationToken);
}
