namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Plans that lie in wait for one situation each, which chance alone brings about too seldom: one seed in ten.
/// </summary>
internal sealed partial record FaultPlan
{
    private const ulong DirectedEvery = 10;
    private const ulong DirectedAt = 3;

    /// <summary>A voter falls silent, and another is told to stop while it is.</summary>
    public long ThinEvery { get; init; }

    /// <summary>A majority of the voters is killed and restarted in place; one of the restarted falls silent.</summary>
    public long OccupyEvery { get; init; }

    /// <summary>
    /// A silo starts that one cannot see; when its row is about to be decided, it falls with most of the voters.
    /// </summary>
    public long NewcomerEvery { get; init; }

    /// <summary>All voters are suspended with a value of their leader on its way.</summary>
    public long FreezeEvery { get; init; }

    public static FaultPlan Draw(ulong seed, SimRandom random) =>
        seed % DirectedEvery == DirectedAt ? DrawDirected(random) : Draw(random);

    private static FaultPlan DrawDirected(SimRandom random) => random.Between(0, 3) switch
    {
        0 => DrawCalm(random, 3) with { ThinEvery = 6_000 },
        1 => DrawCalm(random, (int)random.Between(3, 4)) with { OccupyEvery = 8_000, FaultsFor = 40_000 },
        2 => DrawCalm(random, (int)random.Between(4, 5)) with { NewcomerEvery = 8_000, FaultsFor = 40_000 },
        _ => DrawCalm(random, 3) with { FreezeEvery = 8_000 },
    };

    // Nothing else goes wrong.
    private static FaultPlan DrawCalm(SimRandom random, int pods) => Draw(random, pods) with
    {
        StartAtOnce = true,
        Loss = 0,
        Staleness = random.Pick<long>([200, 1_000]),
        PublishLag = 0,
        CrashEvery = 0,
        PartitionEvery = 0,
        PauseEvery = 0,
        LeaveEvery = 0,
        RejectEvery = 0,
        ReusedAddresses = 0,
        SiegeEvery = 0,
        HasReady = true,
        MayRescue = true,
        Hurry = 4,
        ApiCutEvery = 0,
        ForkAt = 0,
        ForgetEvery = 0,
        IsBusy = false,
        MinimumSilos = 1,
        MaxVoters = 3,
        NodeLossEvery = 0,
        ReadyStaleness = 200,
        DnsOutageEvery = 0,
        Duds = 0,
        RollAt = 0,
        ScaleEvery = 0,
        KillAllAt = 0,
        RescuerFalls = 0,
        StallFence = 2_000,
        FaultsFor = random.Between(20_000, 30_000),
    };
}
