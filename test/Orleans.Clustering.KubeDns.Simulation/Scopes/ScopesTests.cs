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

    [Fact]
    public void ARequestThatArrivesTwiceChangesNothing() => Require(
        SlotScope.TwoProposersAndACopy(0), "b first", "c first", "b told done", "takeover decided");

    [Fact]
    public void AWriterAndAReaderOfThreeVotersAreLinearizable() => Require(
        SlotScope.WriterAndReader(0), "b told done", "c read old", "c read new", "takeover decided", "read repeated");

    [Fact]
    public void FoundingOfTwoHasOneFounderInEveryOrderOfPublication() => Require(
        FoundingScope.OfTwo(0), "a founds", "b founds", "joins", "restarts");

    [Fact]
    public void FoundingOfThreeHasOneFounderInEveryOrderOfPublication() => Require(
        FoundingScope.OfThree(0), "a founds", "b founds", "c founds", "joins");

    /// <summary>The same scopes with a mistake in the core: some state shows it.</summary>
    [Theory]
    [InlineData("an acceptor that forgets a promise", "SlotScope", nameof(SlotScope.TwoProposers), "I1")]
    [InlineData("a read that skips the quorum", "SlotScope", nameof(SlotScope.WriterAndReader), "I2")]
    [Trait("Category", "Long")]
    public void AScopeShowsThePlantedBug(string bug, string scope, string method, string rule) =>
        RequireFound(PlantedBugs.All[bug], scope, method, rule);

    [Fact]
    [Trait("Category", "Long")]
    public void FoundingOfTwoShowsAFounderWhoseAnswerMayBeTooOld() => RequireFound(
        [new Edit("Founding.cs", "if (view.AskedAt >= from) return true;", "return true;")],
        "FoundingScope", nameof(FoundingScope.OfTwo), "I3");

    private void RequireFound(IReadOnlyList<Edit> bug, string scope, string method, string rule)
    {
        var found = new PlantedBug(bug).Ask($"Scopes.{scope}", method, 0)!;
        output.WriteLine(found);
        Assert.StartsWith($"{rule}: ", found, StringComparison.Ordinal);
    }

    private void Require(Explored explored, params string[] ends)
    {
        Figures.Say(explored.ToString());
        output.WriteLine(explored.ToString());
        Assert.All(ends, end => Assert.True(explored.Seen.ContainsKey(end), $"{end} was never reached: {explored}"));
    }
}
