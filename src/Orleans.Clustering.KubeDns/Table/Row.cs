namespace Orleans.Clustering.KubeDns.Table;

/// <summary>A silo's status, numbered as Orleans numbers it.</summary>
internal enum SiloState : byte
{
    None = 0,
    Created = 1,
    Joining = 2,
    Active = 3,
    ShuttingDown = 4,
    Stopping = 5,
    Dead = 6,
}

/// <summary>One vote that a silo is dead, and when it was cast (UTC ticks).</summary>
internal readonly record struct Suspicion(SiloId By, long Ticks);

/// <summary>
/// One silo's row. Times are UTC ticks; <c>Suspicions</c> may be absent, empty, or name a voter twice, and keeps its
/// order. <c>Owner</c> is the incarnation that inserted its own row (null where somebody else did): it tells every
/// replica how to reach the silo, and lets <see cref="MarkEnded"/> find the row of an ended incarnation.
/// <c>WrittenAt</c> is the table version that last wrote the row.
/// </summary>
internal sealed record Row(
    SiloId Silo,
    SiloState State,
    Sequence<Suspicion>? Suspicions,
    int ProxyPort,
    string? HostName,
    string? SiloName,
    string? RoleName,
    int UpdateZone,
    int FaultZone,
    long StartTicks,
    long AliveTicks,
    MemberId? Owner,
    int WrittenAt)
{
    /// <summary>Whether the silo is up or on its way up: it may be asked to vote, and it must be reachable.</summary>
    public bool IsLive => State is SiloState.Created or SiloState.Joining or SiloState.Active;

    /// <summary>The last moment that shows life: its start, its heartbeat, or a vote against it.</summary>
    public long LastSign(long heartbeatTicks)
    {
        var last = Math.Max(Math.Max(StartTicks, AliveTicks), heartbeatTicks);
        if (Suspicions is not { } suspicions) return last;
        foreach (var suspicion in suspicions) last = Math.Max(last, suspicion.Ticks);
        return last;
    }
}
