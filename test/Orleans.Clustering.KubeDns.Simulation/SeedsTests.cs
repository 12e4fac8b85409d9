using System.Diagnostics;
using Xunit;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The fixed seeds. Their figures go to artifacts/simulation.txt, which test.sh prints.</summary>
public sealed class SeedsTests
{
    /// <summary>Fewer would be a beginning; these take about a minute and a half on two cores.</summary>
    private const int Seeds = 2_000;

    // Seeds that failed once, of which seeds.txt tells.
    private static IEnumerable<ulong> Known() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "seeds.txt"))
            .Where(line => line.Length > 0 && line[0] != '#').Select(line => ulong.Parse(line.Split(' ')[0]));

    [Fact]
    public void EverySeedKeepsTheInvariantsAndSettles()
    {
        var clock = Stopwatch.StartNew();
        var tally = Soak.Seeds(Known().Concat(Enumerable.Range(1, Seeds).Select(seed => (ulong)seed)));
        Figures.Say($"simulation: {tally.Summary(clock.Elapsed)}\ncovered: {tally.Covered()}");
        var failed = tally.Failures.OrderBy(failure => failure.Seed)
            .Select(failure => $"seed {failure.Seed}: {failure.Error.Message}\n    {Soak.Replay(failure.Seed)}");
        Assert.True(tally.Failures.Count == 0, string.Join('\n', failed.Take(10)));
        Assert.Empty(Coverage.Missing(tally.Happened));
    }
}
