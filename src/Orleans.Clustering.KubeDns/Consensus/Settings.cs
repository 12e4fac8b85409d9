namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>The protocol's times (milliseconds) and sizes. Defaults as in docs/operations.md.</summary>
internal sealed record Settings
{
    public int MinimumSilos { get; init; } = 1;

    public int MaxVoters { get; init; } = 5;

    /// <summary>How long a silent address may hold up a founding.</summary>
    public long ContactTimeout { get; init; } = 30_000;

    /// <summary>How long a refusing address may hold up a founding.</summary>
    public long NotStartedAfter { get; init; } = 10_000;

    /// <summary>How long we must have listened before we pass one over.</summary>
    public long ListenBeforePassing { get; init; } = 3_000;

    public long TakeoverAfter { get; init; } = 1_000;

    public long TakeoverJitter { get; init; } = 500;

    public long VoterTimeout { get; init; } = 10_000;

    public long RefusedFor { get; init; } = 1_500;

    public int RefusedAttempts { get; init; } = 5;

    public bool TrustConnectionRefused { get; init; } = true;

    /// <summary>How long a pod must be gone from the discovery service to count as removed.</summary>
    public long RemovedFor { get; init; } = 10_000;

    /// <summary>How long a pod must be gone from the ready service to count as not ready.</summary>
    public long NotReadyFor { get; init; } = 20_000;

    /// <summary>How long the majority must be unreachable before a rescue, and between two rescuers.</summary>
    public long RescueAfter { get; init; } = 5_000;

    /// <summary>Whether a lost majority is rescued (the policy FollowKubernetes), or only waited for.</summary>
    public bool MayRescue { get; init; } = true;

    /// <summary>By how much a loop may be late before its member must look around again.</summary>
    public long StallFence { get; init; } = 5_000;

    /// <summary>How long a silo without a majority may be gone from the discovery service.</summary>
    public long FenceAfter { get; init; } = 60_000;

    /// <summary>Where this silo runs (zone or node): voters are spread over these; empty: not known.</summary>
    public string FailureDomain { get; init; } = "";

    /// <summary>How long a candidate must have been Active before it may vote.</summary>
    public long ActiveBeforeVoting { get; init; } = 2_000;

    /// <summary>How long after a loss the voter set is not shrunk of our own accord.</summary>
    public long ShrinkAfterLoss { get; init; } = 10_000;

    /// <summary>How long an unanswered protocol message is waited for before it is sent again.</summary>
    public long Resend { get; init; } = 300;

    /// <summary>Between greetings to a member we watch.</summary>
    public long GreetEvery { get; init; } = 1_000;

    /// <summary>Between greetings to an address that has not answered yet, or that refuses.</summary>
    public long GreetEagerly { get; init; } = 250;

    /// <summary>Whether the leader orders the reads of silos that are about to write (<see cref="Turns"/>).</summary>
    public bool OrdersReads { get; init; } = true;

    /// <summary>The table version of a founded cluster; null: the clock (protocol § 5).</summary>
    public int? FirstVersion { get; init; }
}
