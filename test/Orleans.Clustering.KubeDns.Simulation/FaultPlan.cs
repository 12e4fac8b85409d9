namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What one run suffers, drawn from its seed. Times in ms.</summary>
internal sealed record FaultPlan
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

    /// <summary>How long faults go on; then the network is whole and the cluster must settle.</summary>
    public required long FaultsFor { get; init; }

    public Consensus.Settings Settings() => new()
    {
        MinimumSilos = MinimumSilos,
        MaxVoters = MaxVoters,
        MayRescue = MayRescue,
        RemovedFor = 10_000 / Hurry,
        NotReadyFor = 20_000 / Hurry,
        RescueAfter = 5_000 / Hurry,
        FenceAfter = 60_000 / Hurry,
    };

    /// <summary>
    /// The bound of invariant 8, and what it takes for granted: that Kubernetes has noticed, and DNS tells; that who
    /// was never listed is known for long; and that the rows are written and the voters chosen afterwards.
    /// </summary>
    public long SettleWithin => (7 * 20_000 / Hurry) + Staleness + PublishLag + UnreadyAfter
        + ((5_000 / Hurry) * (Pods + 1)) + 60_000;

    public static FaultPlan Draw(SimRandom random) => random.Between(0, 9) switch
    {
        < 3 => DrawStorm(random),
        < 6 => DrawSiege(random),
        _ => DrawWeather(random),
    };

    // Majorities fall or sleep, long enough to be rescued from, while the rest is quiet.
    private static FaultPlan DrawSiege(SimRandom random) => Draw(random, (int)random.Between(2, 6)) with
    {
        SiegeEvery = random.Between(10_000, 30_000),
        SiegeFor = random.Between(15_000, 30_000),
        Staleness = random.Pick<long>([200, 1_000]),
        UnreadyAfter = random.Between(1_000, 2_000),
        CrashEvery = 0,
        PartitionEvery = random.Chance(0.8) ? 0 : 10_000,
        PauseEvery = 0,
        LeaveEvery = 0,
        HasReady = true,
        MayRescue = true,
        Hurry = 4,
        FaultsFor = random.Between(40_000, 70_000),
    };

    // Processes die and come back in place while they found, and DNS lags: where a second lineage would come from.
    private static FaultPlan DrawStorm(SimRandom random) => Draw(random, (int)random.Between(2, 4)) with
    {
        Staleness = random.Pick<long>([1_000, 2_000, 5_000]),
        CrashEvery = random.Between(400, 3_000),
        BackWithin = random.Between(50, 1_500),
        InPlace = 0.9,
        LeaveEvery = 0,
        FaultsFor = random.Between(8_000, 25_000),
    };

    private static FaultPlan DrawWeather(SimRandom random) => Draw(random, (int)random.Between(1, 9));

    private static FaultPlan Draw(SimRandom random, int pods) => new()
    {
        Pods = pods,
        StartAtOnce = random.Chance(0.5),
        Loss = random.Chance(0.3) ? 0 : random.Between(0, 15) / 100.0,
        Duplication = random.Chance(0.5) ? 0 : random.Between(0, 8) / 100.0,
        SlowTail = random.Chance(0.4) ? 0 : random.Between(50, 2_000),
        Staleness = random.Pick<long>([200, 1_000, 2_000, 5_000]),
        PublishLag = random.Pick<long>([0, 300, 2_000]),
        DnsFailure = random.Chance(0.5) ? 0 : random.Between(1, 40) / 100.0,
        CrashEvery = random.Chance(0.25) ? 0 : random.Between(2_000, 12_000),
        BackWithin = 6_000,
        InPlace = 0.5,
        PartitionEvery = random.Chance(0.4) ? 0 : random.Between(3_000, 12_000),
        PauseEvery = random.Chance(0.5) ? 0 : random.Between(3_000, 12_000),
        LeaveEvery = random.Chance(0.5) ? 0 : random.Between(8_000, 25_000),
        RejectEvery = random.Chance(0.6) ? 0 : random.Between(2_000, 10_000),
        ReusedAddresses = random.Chance(0.5) ? 0 : 0.6,
        SiegeEvery = random.Chance(0.5) ? 0 : random.Between(8_000, 25_000),
        SiegeFor = random.Between(4_000, 30_000),
        HasReady = random.Chance(0.85),
        UnreadyAfter = random.Between(1_000, 5_000),
        MayRescue = random.Chance(0.95),
        Hurry = random.Pick([1, 4, 4, 4]),
        ApiCutEvery = random.Chance(0.8) ? 0 : random.Between(10_000, 25_000),
        ForkAt = random.Chance(0.9) ? 0 : random.Between(8_000, 20_000),
        ForgetEvery = random.Chance(0.9) ? 0 : random.Between(8_000, 25_000),
        ClockEvery = random.Chance(0.8) ? 0 : random.Between(5_000, 20_000),
        IsBusy = random.Chance(0.15),
        MinimumSilos = random.Chance(0.7) ? 1 : (int)random.Between(1, (pods / 2) + 1),
        MaxVoters = random.Pick([5, 5, 3]),
        FaultsFor = random.Between(15_000, 50_000),
    };

    public override string ToString() =>
        $"pods {Pods}{(StartAtOnce ? " at once" : "")}, loss {Loss:P0}, dup {Duplication:P0}, tail {SlowTail}, "
        + $"staleness {Staleness}, publish lag {PublishLag}, dns failures {DnsFailure:P0}, "
        + $"crash {CrashEvery} back {BackWithin}, "
        + $"partition {PartitionEvery}, pause {PauseEvery}, leave {LeaveEvery}, reject {RejectEvery}, "
        + $"reuse {ReusedAddresses:P0}{(IsBusy ? ", busy" : "")}, minimum {MinimumSilos}, voters {MaxVoters}, "
        + $"siege {SiegeEvery} for {SiegeFor}, ready {HasReady} after {UnreadyAfter}, rescue {MayRescue} /{Hurry}, "
        + $"api cut {ApiCutEvery}, fork {ForkAt}, forget {ForgetEvery}, clock {ClockEvery}, faults for {FaultsFor}";
}
