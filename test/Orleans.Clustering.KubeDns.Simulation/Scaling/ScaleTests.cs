using Xunit;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>Small sizes of what <c>--scale</c> measures: simulated times and counts, equal everywhere.</summary>
public sealed class ScaleTests
{
    private const long SteadyFor = 60_000;
    private const double RefreshesPerSecond = 1 / 60.0;

    /// <summary>A silo's heartbeat in the answer to a read, at most: its address, port, generation and time.</summary>
    private const double BytesOfBeat = 48;

    [Fact]
    public void AllBecomeActiveAndAllAreReplacedWithoutLoss()
    {
        var result = Run(30);
        Assert.Equal(30, result.Roll.ActiveRows);
        Assert.Equal(30, result.Roll.DeadRows);
        Assert.True(result.Roll.IsSameEpoch);
        Assert.Equal(0, result.Roll.Unanswered);
        Assert.Equal(0, result.Roll.KilledAtDeadline);
    }

    [Fact]
    public void IdleTrafficOfWhoDoesNotVoteGrowsByHeartbeatsInReadsAlone()
    {
        var (few, many) = (Run(10).Steady.Others, Run(30).Steady.Others);
        var inReads = Bytes(many, "ReadDone") - Bytes(few, "ReadDone");
        Assert.InRange(inReads, 0, (30 - 10) * BytesOfBeat * RefreshesPerSecond);
        var other = many.BytesPerSecond - few.BytesPerSecond - inReads;
        Assert.InRange(Math.Abs(other), 0, 0.02 * few.BytesPerSecond);
    }

    [Fact]
    public void TheSameSeedGivesTheSameRun()
    {
        var (one, other) = (Run(6), Run(6));
        Assert.Equal(Fixed(one), Fixed(other));
    }

    private static ScaleResult Run(int silos) => ScaleRun.Execute(silos, SteadyFor, _ => { });

    private static double Bytes(PerSilo group, string kind) =>
        group.Kinds.Single(share => share.Kind == kind).BytesPerSecond;

    private static (double, long, long, double, double) Fixed(ScaleResult result) => (
        result.Form.ActiveAfter, result.Form.Cost.Bytes, result.Roll.Cost.Bytes, result.Steady.Leader.BytesPerSecond,
        result.Roll.Seconds);
}
