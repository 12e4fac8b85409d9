using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>A pod: its name and address outlive the processes that run in it one after another.</summary>
internal sealed class Pod(string name, PeerAddress address)
{
    public string Fqdn { get; } = $"{name}.orleans.demo.svc.cluster.local";

    public string Name { get; } = name;

    public PeerAddress Address { get; } = address;

    public bool IsDeleted { get; set; }

    /// <summary>Its object is gone, and its process lives on.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Whether the kubelet holds it for ready.</summary>
    public bool IsReady { get; set; }

    public SimProcess? Process { get; set; }

    public bool IsAlive => Process is { IsAlive: true };
}

/// <summary>One incarnation: the real replica, with a clock of its own.</summary>
internal sealed class SimProcess(
    Pod pod, MemberId self, Replica replica, int number, long startedAt, long clockOffset, long wallSkew)
{
    public Pod Pod => pod;

    public MemberId Self => self;

    public Replica Replica => replica;

    public int Number => number;

    public long StartedAt => startedAt;

    public bool IsAlive { get; set; } = true;

    public bool IsLeaving { get; set; }

    public long PausedUntil { get; set; }

    /// <summary>What came while it was paused.</summary>
    public Queue<Action> Sleeping { get; } = new();

    /// <summary>It is paused with its whole machine, network and all.</summary>
    public bool IsSuspended { get; set; }

    /// <summary>When its last pause began.</summary>
    public long PausedAt { get; set; }

    /// <summary>By how much its wall clock has jumped (s).</summary>
    public long Jumped { get; set; }

    /// <summary>The tick that is on its way; a later one replaces it.</summary>
    public long TickAt { get; set; } = long.MaxValue;

    public long LocalTime(long now) => now + clockOffset;

    public long WorldTime(long local) => local - clockOffset;

    public long Wall(long now) => 150_000_000 + (now / 1000) + wallSkew + Jumped;

    public override string ToString() => self.ToString();
}
