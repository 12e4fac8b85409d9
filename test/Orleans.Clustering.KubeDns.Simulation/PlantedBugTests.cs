using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The checkers see what they should: each of these edits makes the core lie, and each is caught.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const ulong WithinSeeds = 300;

    /// <summary>
    /// Two in a thousand seeds see these: the hunt begins just before the first that does (362 and 386).
    /// </summary>
    private static readonly Dictionary<string, ulong> RarelySeen = new()
    {
        ["a rescue from the oldest state"] = 351,
        ["no stall fence"] = 376,
    };

    public static TheoryData<string> Names => [.. PlantedBugs.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsCaught(string bug)
    {
        var from = RarelySeen.GetValueOrDefault(bug, 1UL);
        var caught = new PlantedBug(PlantedBugs.All[bug]).Hunt(from, WithinSeeds);
        Assert.True(caught is not null, $"{bug} was not caught within {WithinSeeds} seeds from {from} on");
        output.WriteLine($"{bug}: seed {caught.Value.Seed}, {caught.Value.Error}");
    }
}
