using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

/// <summary>The replicated table without replication: the table's own rules behind one lock.</summary>
internal sealed class InMemoryTable(int version = 1000)
{
    private readonly Lock _lock = new();
    private readonly Guid _lineage = Guid.NewGuid();
    private readonly Epoch _epoch = new(1, NewNonce());
    private TableState _state = TableState.Empty with { Version = version };
    private ImmutableDictionary<SiloId, long> _heartbeats = ImmutableDictionary<SiloId, long>.Empty;

    /// <summary>Called with the version of each change that was committed.</summary>
    public event Action<int>? Committed;

    public TableView Read()
    {
        lock (_lock) return new TableView(new TableTag(_lineage, _epoch, _state.Version), _state, _heartbeats);
    }

    public bool Write(TableCommand change)
    {
        int version;
        lock (_lock)
        {
            var resolved = change is Cleanup cleanup
                ? _state.Resolve(cleanup, silo => _heartbeats.GetValueOrDefault(silo))
                : change;
            var verdict = _state.Check(resolved, new TableTag(_lineage, _epoch, _state.Version));
            if (verdict != Verdict.Commit) return verdict == Verdict.Nothing;
            _state = _state.Apply(resolved);
            version = _state.Version;
        }

        Committed?.Invoke(version);
        return true;
    }

    public void Heartbeat(SiloId silo, long ticks)
    {
        lock (_lock)
        {
            _heartbeats = _heartbeats.SetItem(silo, Math.Max(ticks, _heartbeats.GetValueOrDefault(silo)));
        }
    }

    public static Nonce NewNonce() =>
        new(new UInt128((ulong)Random.Shared.NextInt64(), (ulong)Random.Shared.NextInt64()));

    public static MemberId NewMember(int number) => new(
        $"silo-{number}.orleans.shop.svc.cluster.local",
        new PeerAddress($"10.0.0.{number}", 11112),
        new SiloId($"10.0.0.{number}", 11111, 100 + number),
        NewNonce());
}

/// <summary>One silo's handle on an <see cref="InMemoryTable"/>.</summary>
internal sealed class InMemoryReplica(InMemoryTable table, MemberId self) : IReplicatedTable
{
    public MemberId Self => self;

    public Task WaitUntilJoinedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Yields first, so that callers truly overlap.
    public async Task<TableView> ReadAsync(bool mayWrite, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return table.Read();
    }

    public async Task<bool> WriteAsync(TableCommand change, CancellationToken cancellationToken)
    {
        await Task.Yield();
        return table.Write(change);
    }

    public Task HeartbeatAsync(SiloId silo, long ticks, CancellationToken cancellationToken)
    {
        table.Heartbeat(silo, ticks);
        return Task.CompletedTask;
    }
}
