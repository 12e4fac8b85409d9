namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>How plans are drawn: most runs suffer a few kinds of faults, not all of them.</summary>
internal sealed partial record FaultPlan
{
    public static FaultPlan Draw(SimRandom random) => random.Between(0, 9) switch
    {
        < 2 => DrawStorm(random),
        < 5 => DrawSiege(random),
        _ => DrawWeather(random),
    };

    // Majorities fall or sleep, long enough to be rescued from, while the rest is quiet.
    private static FaultPlan DrawSiege(SimRandom random) => Draw(random, (int)random.Between(2, 6)) with
    {
        SiegeEvery = random.Between(10_000, 30_000),
        SiegeFor = random.Between(15_000, 30_000),
        Staleness = random.Pick<long>([200, 1_000]),
        ReadyStaleness = random.Pick<long>([200, 1_000]),
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
        Nodes = (int)random.Between(1, pods),
        HasDomains = random.Chance(0.5),
        NodeLossEvery = random.Chance(0.7) ? 0 : random.Between(10_000, 30_000),
        NodeMonitor = random.Between(3_000, 8_000),
        EvictAfter = random.Chance(0.5) ? 0 : random.Between(8_000, 20_000),
        ReadyStaleness = random.Pick<long>([200, 1_000, 2_000, 5_000]),
        ReadyLag = random.Pick<long>([0, 300, 2_000]),
        Resolvers = random.Pick([Resolvers.AnyAge, Resolvers.AnyAge, Resolvers.Caches, Resolvers.PinnedCaches]),
        DnsOutageEvery = random.Chance(0.8) ? 0 : random.Between(10_000, 30_000),
        Suspended = random.Chance(0.7) ? 0 : 0.5,
        PartitionFor = random.Pick<long>([8_000, 8_000, 25_000]),
        Duds = random.Chance(0.85) ? 0 : (int)random.Between(1, 2),
        DudsAreSilent = random.Chance(0.5),
        RollAt = random.Chance(0.85) ? 0 : random.Between(5_000, 15_000),
        ScaleEvery = random.Chance(0.85) ? 0 : random.Between(4_000, 12_000),
        KillAllAt = random.Chance(0.93) ? 0 : random.Between(8_000, 25_000),
        RescuerFalls = random.Chance(0.6) ? 0 : random.Between(10, 70) / 100.0,
        VotesOnSilent = random.Chance(0.3),
        StallFence = random.Pick<long>([5_000, 2_000]),
        InPlaceAtEnd = random.Pick([1, 0.5, 0]),
        FaultsFor = random.Between(15_000, 50_000),
    };
}
