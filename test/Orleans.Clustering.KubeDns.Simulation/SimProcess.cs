using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// A machine. While it is lost nobody reaches its pods, and they reach nobody, each other included: pods that still
/// work together while Kubernetes holds them for gone are beyond what is promised (§ 10).
/// </summary>
internal sealed class Node(string name)
{
    public string Name => name;

    /// <summary>Since when it is lost; −1: it is not.</summary>
    public long LostAt { get; set; } = -1;

    public bool IsLost => LostAt >= 0;

    /// <summary>Whether its pods reach DNS all the same.</summary>
    public bool HasDns { get; set; }
}

/// <summary>A pod: its name and address outlive the processes that run in it one after another.</summary>
internal sealed class Pod(string name, PeerAddress address, Node node)
{
    /// <summary>Where it runs.</summary>
    public Node Node => node;

    public string Fqdn { get; } = $"{name}.orleans.demo.svc.cluster.local";

    public string Name { get; } = name;

    public PeerAddress Address { get; } = address;

    public bool IsDeleted { get; set; }

    /// <summary>Its object is gone, and its process lives on.</summary>
    public bool IsForgotten { get; set; }

    /// <summary>Whether the kubelet holds it for ready.</summary>
    public bool IsReady { get; set; }

    /// <summary>Not even its closed port answers: it never got as far as that, or its machine is gone.</summary>
    public bool IsDark { get; set; }

    /// <summary>Its container does not start, for whatever reason.</summary>
    public bool IsDud { get; set; }

    /// <summary>How often its container was started: the kubelet waits longer each time.</summary>
    public int Starts { get; set; }

    public SimProcess? Process { get; set; }

    public bool IsAlive => Process is { IsAlive: true };
}

/// <summary>One incarnation: the real replica, with a clock of its own.</summary>
internal sealed class SimProcess(
    Pod pod, MemberId self, Replica replica, int number, long startedAt, long clockOffset, long wallSkew)
{
    private long _clockOffset = clockOffset;
    private long _pausedAt = -1;
    private long _jumpedBefore;

    public Pod Pod => pod;

    public MemberId Self => self;

    public Replica Replica => replica;

    public int Number => number;

    public long StartedAt => startedAt;

    public bool IsAlive { get; set; } = true;

    /// <summary>When it ended; −1: it lives.</summary>
    public long EndedAt { get; set; } = -1;

    public bool IsLeaving { get; set; }

    public long PausedUntil { get; set; }

    /// <summary>What came while it was paused.</summary>
    public Queue<Action> Sleeping { get; } = new();

    /// <summary>It is paused with its whole machine, network and all.</summary>
    public bool IsSuspended { get; set; }

    /// <summary>When its last pause began.</summary>
    public long PausedAt
    {
        get => _pausedAt;
        set => (_pausedAt, _jumpedBefore) = (value, Jumped);
    }

    /// <summary>When its last pause ended.</summary>
    public long WokeAt { get; set; } = -1;

    /// <summary>How long its last pause was by its own clocks: if one stood and the other was put back, 0.</summary>
    public long SleptFor { get; private set; }

    /// <summary>Since when its monotonic clock stands still; −1: it runs.</summary>
    public long SuspendedAt { get; set; } = -1;

    /// <summary>By how much its wall clock has jumped (s).</summary>
    public long Jumped { get; set; }

    /// <summary>The tick that is on its way; a later one replaces it.</summary>
    public long TickAt { get; set; } = long.MaxValue;

    public long LocalTime(long now) => now + _clockOffset;

    public long WorldTime(long local) => local - _clockOffset;

    /// <summary>The pause, if there was one, is over.</summary>
    public void GoOn(long now)
    {
        if (PausedAt < 0) return;
        var stood = SuspendedAt >= 0 ? now - SuspendedAt : 0;
        _clockOffset -= stood;
        var pause = now - PausedAt;
        SleptFor = Math.Max(pause - stood, Math.Abs(pause + ((Jumped - _jumpedBefore) * 1_000)));
        (PausedAt, SuspendedAt, WokeAt) = (-1, -1, now);
    }

    public long Wall(long now) => 150_000_000 + (now / 1000) + wallSkew + Jumped;

    public override string ToString() => self.ToString();
}
