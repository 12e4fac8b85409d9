using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Simulation.Linearizability;

/// <summary>The search over all orders says of the simulation's runs what the check by versions says.</summary>
public sealed class SmallRunTests(ITestOutputHelper output)
{
    private const int Seeds = 250;
    private const ulong WithinSeeds = 150;

    [Fact]
    public void BothCheckersAgreeOnEverySeed()
    {
        var verdicts = Enumerable.Range(1, Seeds).AsParallel().Select(seed => SmallRun.Judge((ulong)seed)).ToList();
        Assert.All(verdicts, verdict => Assert.True(verdict.Agree, verdict.ToString()));
        Assert.All(verdicts, verdict => Assert.Null(verdict.BySearch));
        var (complete, unknown) = (verdicts.Sum(each => each.Complete), verdicts.Sum(each => each.Unknown));
        Assert.True(complete > 10 * Seeds, $"only {complete} operations in all");
        Assert.True(unknown > Seeds / 10, $"only {unknown} operations without an outcome");
        Figures.Say($"linearizability by search: {Seeds} histories, {complete:N0} operations with an outcome, "
            + $"{unknown:N0} without");
    }

    // Of what breaks the log, or the round of a read, the caller hears too late: another check ends such a run before.
    [Theory]
    [InlineData("a retry that is run again")]
    public void TheSearchCatches(string bug)
    {
        var caught = new PlantedBug(PlantedBugs.All[bug])
            .Ask("Linearizability.SmallRun", nameof(SmallRun.Hunt), WithinSeeds);
        Assert.True(caught is not null, $"{bug} was not caught within {WithinSeeds} seeds");
        output.WriteLine($"{bug}: {caught}");
    }
}
