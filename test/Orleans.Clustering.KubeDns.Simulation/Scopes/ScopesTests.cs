using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>Small worlds visited whole, to a depth. Their figures go to artifacts/simulation.txt.</summary>
public sealed class ScopesTests(ITestOutputHelper output)
{
    [Fact]
    public void OneSlotOfThreeVotersWithTwoProposersHasOneHistory() => Require(
        SlotScope.TwoProposers(0),
        "b first", "c first", "b told lost", "c told lost", "takeover decided", "value in flight finished", "duel");

    private void Require(Explored explored, params string[] ends)
    {
        Figures.Say(explored.ToString());
        output.WriteLine(explored.ToString());
        Assert.All(ends, end => Assert.True(explored.Seen.ContainsKey(end), $"{end} was never reached: {explored}"));
    }
}
