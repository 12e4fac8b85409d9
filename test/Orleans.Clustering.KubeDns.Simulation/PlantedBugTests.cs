using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The checkers see what they should: each of these edits makes the core lie, and each is caught.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const ulong WithinSeeds = 300;

    /// <summary>
    /// Where the hunt begins for those that few seeds see, just before the first that does; the last three are seen by
    /// one to four in a thousand. Elsewhere it begins at the first seed. A change of the core moves these.
    /// </summary>
    private static readonly Dictionary<string, ulong> SeenFrom = new()
    {
        ["a late reply of the dead"] = 91,
        ["a silo that is its own second witness"] = 36,
        ["recent is lost when the voters change"] = 46,
        ["a read that leaves a value in flight"] = 71,
        ["an acceptor that forgets a promise"] = 46,
        ["a lower epoch that goes on"] = 19,
        ["a rescue from the oldest state"] = 361,
        ["no stall fence"] = 757,
        ["a promise without an exit"] = 300,
        ["a rescue beside a cluster that works"] = 20_001_900,
    };

    public static TheoryData<string> Names => [.. PlantedBugs.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsCaught(string bug)
    {
        var from = SeenFrom.GetValueOrDefault(bug, 1UL);
        var caught = new PlantedBug(PlantedBugs.All[bug]).Hunt(from, WithinSeeds);
        Assert.True(caught is not null, $"{bug} was not caught within {WithinSeeds} seeds from {from} on");
        output.WriteLine($"{bug}: seed {caught.Value.Seed}, {caught.Value.Error}");
    }
}
