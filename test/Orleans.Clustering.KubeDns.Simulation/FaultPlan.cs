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

    /// <summary>How long faults go on; then the network is whole and the cluster must settle.</summary>
    public required long FaultsFor { get; init; }

    public static FaultPlan Draw(SimRandom random) => random.Chance(0.3) ? DrawStorm(random) : DrawWeather(random);

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

    private static FaultPlan DrawWeather(SimRandom random) => Draw(random, (int)random.Between(1, 7));

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
        + $"faults for {FaultsFor}";
}
