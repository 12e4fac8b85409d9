using Pods;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>Which lines of the silos' logs explain that a silo which runs is seen as Dead.</summary>
public sealed class EvictionsTests
{
    private const string Node = "warn: Orleans.Clustering.KubeDns.Node.ReplicaNode[5101]";
    private const string Ended = $"{Node} MemberEnded: silo-1/abc123 at 10.77.0.12:11112 by rule Refused: refused 6";
    private const string Rescue = $"{Node} RescueBegun: epoch 2-fedcba with [silo-0/fedcba silo-3/777777], ";
    private const string Votes =
        "info: Orleans.Runtime.MembershipService.MembershipTableManager[100611] Evicting 'S10.77.0.12:11111:9'. Fresh";

    [Theory]
    [InlineData($"12:00:00.000 {Ended}")]
    [InlineData($"11:59:00.000 {Votes}")]
    [InlineData($"11:59:00.000 {Rescue}silo-2/888888 Superseded, silo-1/abc123 NotReady")]
    public void A_line_that_named_it_before_explains(string line) => Assert.Empty(Unexplained("noon", line));

    [Theory]
    [InlineData($"12:00:00.001 {Ended}")]
    [InlineData($"12:00:00.001 {Votes}")]
    public void A_line_that_named_it_only_afterwards_does_not(string line) =>
        Assert.Contains("silo-1/abc123", Assert.Single(Unexplained("noon", line)));

    [Theory]
    [InlineData("")]
    [InlineData($"11:59:00.000 {Node} MemberEnded: silo-1/abc124 at 10.77.0.12:11112 by rule Refused: refused 6")]
    [InlineData($"11:59:00.000 {Node} MemberLives: silo-1/abc123 at 10.77.0.12:11112 answers, and has not ended")]
    [InlineData($"11:59:00.000 {Node} RescueBegun: epoch 2-abc123 with [silo-0/f silo-1/abc123], silo-2/8 NotReady")]
    [InlineData("   at System.Threading.Thread.StartCallback()")]
    public void A_line_that_tells_of_others_or_of_its_life_does_not(string line) =>
        Assert.Single(Unexplained("noon", line));

    [Fact]
    public void Before_midnight_is_before() =>
        Assert.Empty(Unexplained("midnight", $"23:59:59.900 {Ended}", $"00:00:07.000 {Votes}"));

    private static IReadOnlyList<string> Unexplained(string seen, params string[] lines) => Evictions.Unexplained(
        [new("10.77.0.12:11111@9", "silo-1/abc123", "silo-0", new DateTime(2030, 5, 6, seen == "noon" ? 12 : 0, 0, 0))],
        lines);
}
