using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The checkers see what they should: each of these edits makes the core lie, and each is caught.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const ulong WithinSeeds = 300;

    public static TheoryData<string> Names => [.. PlantedBugs.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsCaught(string bug)
    {
        var caught = new PlantedBug(PlantedBugs.All[bug]).Hunt(WithinSeeds);
        Assert.True(caught is not null, $"{bug} was not caught within {WithinSeeds} seeds");
        output.WriteLine($"{bug}: seed {caught.Value.Seed}, {caught.Value.Error}");
    }
}
