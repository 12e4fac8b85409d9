using System.Diagnostics;
using Xunit;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The fixed seeds. Their figures go to artifacts/simulation.txt, which test.sh prints.</summary>
public sealed class SeedsTests
{
    /// <summary>Fewer would be a beginning; these take about a minute on two cores.</summary>
    private const int Seeds = 1_000;

    [Fact]
    public void EverySeedKeepsTheInvariantsAndSettles()
    {
        var clock = Stopwatch.StartNew();
        var tally = Soak.Seeds(Enumerable.Range(1, Seeds).Select(seed => (ulong)seed));
        File.WriteAllText(PlantedBug.Artifact("simulation.txt"), $"simulation: {tally.Summary(clock.Elapsed)}\n");
        var failed = tally.Failures.OrderBy(failure => failure.Seed)
            .Select(failure => $"seed {failure.Seed}: {failure.Error.Message}\n    {Soak.Replay(failure.Seed)}");
        Assert.True(tally.Failures.Count == 0, string.Join('\n', failed.Take(10)));
    }
}
