using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Node;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>How the protocol ends a process (protocol § 8), as its operator sees it.</summary>
public class EndTests
{
    [Fact]
    public async Task Who_was_left_behind_ends_and_says_why_and_not_that_a_rule_was_broken()
    {
        await using var stage = await NodeStage.FormAsync(3, ready: true);
        var (rescuer, left) = (stage.Nodes[0], stage.Nodes.Skip(1).ToList());
        foreach (var node in left) (node.IsCutOff, node.IsReady) = (true, false);
        await stage.UntilAsync("a rescue", () => rescuer.Status.Epoch > 1);

        foreach (var node in left) node.IsCutOff = false;
        await stage.UntilAsync("their end", () => left.All(node => node.Fatal.Count > 0));

        Assert.All(left, node =>
        {
            Assert.Equal(EndReason.LeftBehind, Assert.IsType<ProcessMustEndException>(node.Fatal[0]).Reason);
            Assert.True(node.Has("LeftBehind", LogLevel.Critical));
            Assert.DoesNotContain(node.Log, line => line.Text.Contains("broke a rule"));
        });
    }
}
