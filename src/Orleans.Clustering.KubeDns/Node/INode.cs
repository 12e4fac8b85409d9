using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>The running replica of this process, as its host starts and stops it.</summary>
internal interface INode : IReplicatedTable, IAsyncDisposable
{
    /// <summary>Binds the discovery port and begins to look for peers; returns without waiting for any.</summary>
    Task StartAsync(CancellationToken cancellationToken);

    /// <summary>
    /// This silo is told to stop: judge nobody from now on, and give up leadership and vote if somebody can take them.
    /// Returns at once.
    /// </summary>
    void BeginStop();

    /// <summary>
    /// Waits (at most 5 s) until this silo no longer votes and its successors know it, or nobody is left.
    /// </summary>
    Task HandOverAsync(CancellationToken cancellationToken);

    /// <summary>Called, on any thread, whenever this replica applied a state with a higher table version.</summary>
    event Action<int>? TableVersionLearned;

    /// <summary>What is known now, for health and status; never blocks.</summary>
    NodeStatus Status { get; }
}

/// <summary>Where a node stands on its way.</summary>
internal enum NodePhase
{
    NotStarted,
    Founding,
    Joined,
    Stopping,
    Stopped,
    Failed,
}

/// <summary>
/// A snapshot for people and probes. <c>WaitingFor</c> is one line, empty when nothing is waited for;
/// <c>LoopAge</c> is how long ago the node's loop last ran.
/// </summary>
internal sealed record NodeStatus(
    NodePhase Phase,
    string WaitingFor,
    TimeSpan LoopAge,
    MemberId Self,
    Guid Lineage,
    int Epoch,
    long LogIndex,
    int TableVersion,
    bool IsLeader,
    bool IsVoter,
    IReadOnlyList<string> Voters,
    IReadOnlyList<PeerStatus> Peers,
    IReadOnlyList<string> Listed,
    string Diagnosis)
{
    /// <summary>Who founded the epoch, or rescued into it: two rescues may draw one number, never one name.</summary>
    public string EpochBy { get; init; } = "";

    /// <summary>
    /// Whether this member itself sees a majority of the voters that works in this epoch, and takes part in it.
    /// </summary>
    public bool HasMajority { get; init; }

    /// <summary>What else is wrong now, and may be why this silo waits: whole texts that begin with a code.</summary>
    public IReadOnlyList<string> Complaints { get; init; } = [];

    /// <summary>What could be set better, and holds nobody up.</summary>
    public IReadOnlyList<string> Standing { get; init; } = [];

    /// <summary>The numbers.</summary>
    public NodeVitals Vitals { get; init; } = new();

    /// <summary>What is not as it should be though the silo works; empty: nothing.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];
}

/// <summary>One peer: its address, name, and whether it answers, refuses, is silent, or is foreign.</summary>
internal sealed record PeerStatus(string Address, string Name, string Contact, TimeSpan LastAnswer);
