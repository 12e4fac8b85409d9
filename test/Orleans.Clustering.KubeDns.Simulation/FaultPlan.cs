namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>How old the answers of DNS may be.</summary>
internal enum Resolvers
{
    /// <summary>Any answer any age: each draws its own.</summary>
    AnyAge,

    /// <summary>Two caches that keep an answer for its time, each pod asking now the one, now the other.</summary>
    Caches,

    /// <summary>Two caches, each pod asking always the same.</summary>
    PinnedCaches,
}

/// <summary>What one run suffers, drawn from its seed. Times in ms.</summary>
internal sealed partial record FaultPlan
{
    public required int Pods { get; init; }

    public required bool StartAtOnce { get; init; }

    public required double Loss { get; init; }

    public required double Duplication { get; init; }

    public required long SlowTail { get; init; }

    public required long Staleness { get; init; }

    public required long PublishLag { get; init; }

    public required double DnsFailure { get; init; }

    /// <summary>Mean time between faults of each kind; 0: none.</summary>
    public required long CrashEvery { get; init; }

    /// <summary>How soon a killed process is back, and how often in the same pod instead of a new one.</summary>
    public required long BackWithin { get; init; }

    public required double InPlace { get; init; }

    public required long PartitionEvery { get; init; }

    public required long PauseEvery { get; init; }

    public required long LeaveEvery { get; init; }

    /// <summary>One process is refused by another that lives, as by a firewall: never two at a time.</summary>
    public required long RejectEvery { get; init; }

    /// <summary>How often the address of a deleted pod goes to a new pod, or to a process of another cluster.</summary>
    public required double ReusedAddresses { get; init; }

    /// <summary>Silos read and write ten times as often.</summary>
    public required bool IsBusy { get; init; }

    public required int MinimumSilos { get; init; }

    public required int MaxVoters { get; init; }

    /// <summary>Several silos at once, a majority among them often: killed, or paused.</summary>
    public required long SiegeEvery { get; init; }

    /// <summary>How long a paused one sleeps at most, and a killed one is left dead.</summary>
    public required long SiegeFor { get; init; }

    /// <summary>Whether there is a ready service.</summary>
    public required bool HasReady { get; init; }

    /// <summary>How long a silo must not answer the kubelet's probes to be held for not ready.</summary>
    public required long UnreadyAfter { get; init; }

    /// <summary>The policy FollowKubernetes.</summary>
    public required bool MayRescue { get; init; }

    /// <summary>By how much the times of the rescue are shorter than their defaults.</summary>
    public required int Hurry { get; init; }

    /// <summary>Nothing is published for a while.</summary>
    public required long ApiCutEvery { get; init; }

    /// <summary>
    /// Pods are started elsewhere that see only themselves in DNS, and are seen by nobody, for a while (§ 10): a
    /// second lineage.
    /// </summary>
    public required long ForkAt { get; init; }

    /// <summary>A pod's object is deleted, but its process lives on, cut off from all others.</summary>
    public required long ForgetEvery { get; init; }

    /// <summary>A wall clock jumps.</summary>
    public required long ClockEvery { get; init; }

    /// <summary>On how many machines the pods run.</summary>
    public required int Nodes { get; init; }

    /// <summary>Whether silos know on which machine they run, so that voters are spread over them.</summary>
    public required bool HasDomains { get; init; }

    /// <summary>A machine is lost: its silos die at once, or are cut off from everybody.</summary>
    public required long NodeLossEvery { get; init; }

    /// <summary>After so long a silence Kubernetes holds the pods of a machine for not ready.</summary>
    public required long NodeMonitor { get; init; }

    /// <summary>After so long a silence it deletes them, and replaces them elsewhere; 0: never.</summary>
    public required long EvictAfter { get; init; }

    public required long ReadyStaleness { get; init; }

    public required long ReadyLag { get; init; }

    /// <summary>How old answers come to be.</summary>
    public required Resolvers Resolvers { get; init; }

    /// <summary>No look-up succeeds for a while.</summary>
    public required long DnsOutageEvery { get; init; }

    /// <summary>How often a pause is that of a whole machine.</summary>
    public required double Suspended { get; init; }

    /// <summary>How long a partition lasts at most.</summary>
    public required long PartitionFor { get; init; }

    /// <summary>Pods that are listed and never start; they refuse, or say nothing at all.</summary>
    public required int Duds { get; init; }

    public required bool DudsAreSilent { get; init; }

    /// <summary>One silo after the other is told to stop and replaced; 0: none.</summary>
    public required long RollAt { get; init; }

    public required long ScaleEvery { get; init; }

    /// <summary>All at once; 0: never.</summary>
    public required long KillAllAt { get; init; }

    /// <summary>How often a rescuer is killed or paused soon after it began.</summary>
    public required double RescuerFalls { get; init; }

    /// <summary>Orleans' silos vote out those that have long been silent, though they live.</summary>
    public required bool VotesOnSilent { get; init; }

    /// <summary>How often the dead come back in their pods at the end; else they are replaced, or deleted.</summary>
    public required double InPlaceAtEnd { get; init; }

    public required long StallFence { get; init; }

    /// <summary>How long faults go on; then the network is whole and the cluster must settle.</summary>
    public required long FaultsFor { get; init; }

    /// <summary>Fewer silos than these could not found a cluster anew.</summary>
    public int Fewest => Math.Max(1, MinimumSilos);

    public Consensus.Settings Settings() => new()
    {
        MinimumSilos = MinimumSilos,
        MaxVoters = MaxVoters,
        MayRescue = MayRescue,
        RemovedFor = 10_000 / Hurry,
        NotReadyFor = 20_000 / Hurry,
        RescueAfter = 5_000 / Hurry,
        StallFence = StallFence,
        FenceAfter = 60_000 / Hurry,
    };

    /// <summary>
    /// The bound of invariant 8, and what it takes for granted: that Kubernetes has noticed, and DNS tells; that who
    /// was never listed is known for long; and that the rows are written and the voters chosen afterwards.
    /// </summary>
    public long SettleWithin => (7 * 20_000 / Hurry) + Staleness + PublishLag + UnreadyAfter
        + ((5_000 / Hurry) * (Pods + 1)) + 60_000;
}
