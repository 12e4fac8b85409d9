using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The checkers see what they should: each of these edits makes the core lie, and each is caught.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const ulong WithinSeeds = 300;

    [Theory]
    [InlineData("an acceptor that forgets a promise",
        "Acceptor.cs", "if (accept.Ballot < _promised) return", "if (accept.Ballot.Round < 0) return")]
    [InlineData("a proposer that drops what was accepted",
        "Proposer.cs", "Chosen = accepted?.Command ?? attempt.Own", "Chosen = attempt.Own")]
    [InlineData("a read that skips the quorum",
        "Reader.cs", "round.Marks.Count < (round.Asked.Count / 2) + 1", "round.Marks.Count < 1")]
    [InlineData("a read that leaves a value in flight",
        "Reader.cs", "Target = highest + (inFlight ? 1 : 0)", "Target = highest")]
    [InlineData("a founder that does not wait for a listed peer",
        "Founding.cs", "if (open.Count > 0 && ", "if (open.Count > 99 && ")]
    [InlineData("a founder that trusts an answer which may hide an earlier silo",
        "Founding.cs", "if (view.AskedAt >= from) return true;", "return true;")]
    [InlineData("a process that votes under its old nonce",
        "World.cs", "var nonce = new Nonce(", "var nonce = pod.Process?.Self.Nonce ?? new Nonce(")]
    [InlineData("a silo that is declared ended because it is silent",
        "Peers.cs", "undelivered.WasRefused\n            ? contact", "undelivered.To.Port > 0\n            ? contact")]
    [InlineData("a silo that is its own second witness",
        "Endings.cs", "&& member != local.Self && contact.Lineage", "&& contact.Lineage")]
    [InlineData("a retry that is run again",
        "ClusterState.cs", "command.Id is { } id ? recent.Add(id) : recent", "recent")]
    public void IsCaught(string bug, string file, string text, string replacement)
    {
        var caught = new PlantedBug(file, text, replacement).Hunt(WithinSeeds);
        Assert.True(caught is not null, $"{bug} was not caught within {WithinSeeds} seeds");
        output.WriteLine($"{bug}: seed {caught.Value.Seed}, {caught.Value.Error}");
    }
}
