using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Tests.Membership;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>A node over an in-memory table that writes down what its host asks of it.</summary>
internal sealed class FakeNode(InMemoryTable table, SiloAddress address, ConcurrentQueue<string> calls) : INode
{
    private readonly InMemoryReplica _replica = new(table, InMemoryTable.NewMember(7) with
    {
        Silo = RowMapping.ToSiloId(address),
    });

    private int _disposed;

    public event Action<int>? TableVersionLearned;

    /// <summary>What joining waits for; completed unless a test holds it.</summary>
    public TaskCompletionSource Joining { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Exception? StartFailure { get; init; }

    /// <summary>What handing over waits for.</summary>
    public Task HandingOver { get; set; } = Task.CompletedTask;

    public NodePhase Phase { get; private set; } = NodePhase.NotStarted;

    public MemberId Self => _replica.Self;

    public NodeStatus Status => new(
        Phase, Phase == NodePhase.Founding ? "silo-1 is silent" : "", TimeSpan.Zero, Self, Guid.Empty, 1, 2,
        table.Read().Tag.Version, true, true, [Self.Fqdn], [], [], "");

    public Task StartAsync(CancellationToken cancellationToken)
    {
        calls.Enqueue("node starts");
        if (StartFailure is { } failure) return Task.FromException(failure);
        table.Committed += Learn;
        Phase = NodePhase.Founding;
        return Task.CompletedTask;
    }

    public async Task WaitUntilJoinedAsync(CancellationToken cancellationToken)
    {
        calls.Enqueue("node joins");
        await Joining.Task.WaitAsync(cancellationToken);
        Phase = NodePhase.Joined;
    }

    public void BeginStop()
    {
        calls.Enqueue("node begins to stop");
        Phase = NodePhase.Stopping;
    }

    public Task HandOverAsync(CancellationToken cancellationToken)
    {
        calls.Enqueue("node hands over");
        return HandingOver;
    }

    public Task<TableView> ReadAsync(bool mayWrite, CancellationToken cancellationToken) =>
        _replica.ReadAsync(mayWrite, cancellationToken);

    public async Task<bool> WriteAsync(TableCommand change, CancellationToken cancellationToken)
    {
        var won = await _replica.WriteAsync(change, cancellationToken);
        if (won && change is UpdateRow { Row: var row }) calls.Enqueue($"row {row.State}");
        return won;
    }

    public Task HeartbeatAsync(SiloId silo, long ticks, CancellationToken cancellationToken) =>
        _replica.HeartbeatAsync(silo, ticks, cancellationToken);

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0) calls.Enqueue("node ends");
        table.Committed -= Learn;
        Phase = NodePhase.Stopped;
        return ValueTask.CompletedTask;
    }

    private void Learn(int version) => TableVersionLearned?.Invoke(version);

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
