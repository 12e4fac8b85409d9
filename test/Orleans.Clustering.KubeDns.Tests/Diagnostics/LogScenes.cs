using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Clustering.KubeDns.Tests.Node;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>What nodes tell while they found, work, part and meet; each scene ends once it was told.</summary>
internal static class LogScenes
{
    public static async Task<IEnumerable<LogLine>> LifeAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var (leader, others) = (stage.Nodes[0], stage.Nodes.Skip(1).ToList());
        Assert.True(leader.Status.IsLeader);
        await Tell(stage, leader, "SelfListed", "Founding", "KDNS310");
        foreach (var other in others) await Tell(stage, other, "Joined");
        await stage.EndAsync(leader.Node.HandOverAsync(default));
        await Tell(stage, leader, "HandedOver");
        await Tell(stage, others[0], "LeaderChanged", "VotersChanged");
        await leader.CrashAsync();
        await Tell(stage, leader, "Stopped");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> CrashAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        await stage.Nodes[0].CrashAsync();
        await stage.UntilAsync("its end", () => stage.Nodes.Any(node => Has(node, "MemberEnded")));
        return Lines(stage);
    }

    // The others answer, and what is to relieve it of its vote gets lost.
    public static async Task<IEnumerable<LogLine>> NotHandedOverAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var leader = stage.Nodes.Single(node => node.Status.IsLeader);
        leader.Loses = message => message is Accept;
        await stage.EndAsync(leader.Node.HandOverAsync(default));
        await Tell(stage, leader, "Stopping without having handed the vote over");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> NameAsync()
    {
        await using var stage = await NodeStage.FormAsync(
            1, node => node.Member = node.Member with { IsNamedByDns = true });
        await Tell(stage, stage.Nodes[0], "Named");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> PassedOverAsync()
    {
        await using var stage = new NodeStage();
        var (first, second) = (stage.Add(0), stage.Add(1));
        stage.Add(2);
        await first.StartAsync();
        await second.StartAsync();
        await Tell(stage, first, "PassedOver", "Founding");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> WaitingToFoundAsync()
    {
        await using var stage = new NodeStage();
        var node = stage.Add(0, node => node.IsListed = false);
        await node.StartAsync();
        await Tell(stage, node, "WaitingToFound");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> OneDomainAsync()
    {
        await using var stage = await NodeStage.FormAsync(3, node => node.Domain = "zone-a");
        await Tell(stage, stage.Nodes[0], "VotersInOneDomain");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> StallAsync()
    {
        await using var stage = await NodeStage.FormAsync(1);
        stage.Time.Advance(TimeSpan.FromSeconds(10));
        await Tell(stage, stage.Nodes[0], "LocalStall");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> BrokenRuleAsync()
    {
        await using var stage = await NodeStage.FormAsync(1);
        var node = stage.Nodes[0];
        node.Node.TableVersionLearned += _ => throw new InvalidOperationException("as the test wants");
        var looked = await TableCalls.LookAsync(stage, TableCalls.Table(node));
        var write = TableCalls.All["UpdateRowAsync"].Call(TableCalls.Table(node), looked, default);
        await stage.UntilAsync("its end", () => node.Fatal.Count > 0);
        await Tell(stage, node, "The replica broke a rule");
        await Assert.ThrowsAnyAsync<Exception>(() => write);
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> DnsAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var node = stage.Nodes[1];
        node.DnsFailure = "DnsFailed: ServFail: as the test wants";
        await Tell(stage, node, "DnsFailed: ServFail");
        (node.DnsFailure, node.Diagnosis) = ("", "KDNS303: as the test wants");
        await Tell(stage, node, "Misconfigured: KDNS303");
        (node.Diagnosis, node.IsListed) = ("", false);
        await Tell(stage, node, "SelfUnlisted");
        node.Breaks = new InvalidOperationException("as the test wants");
        await Tell(stage, node, "DnsFailed: a look-up failed in an unexpected way", "Sending to ");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> PeersAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var (node, other) = (stage.Nodes[0], stage.Nodes[1]);
        other.Answers = Delivery.Unauthenticated;
        await Tell(stage, node, "AuthenticationFailed");
        other.Answers = Delivery.WrongVersion;
        await Tell(stage, node, "ProtocolMismatch", $"{other.Member.Address} and this silo do not understand");
        (other.Answers, other.Skew) = (null, TimeSpan.FromSeconds(8));
        await Tell(stage, node, "ClockSkew");
        await stage.Add(7, stranger => stranger.ClusterId = "other").StartAsync();
        await Tell(stage, node, "ForeignCluster");
        return Lines(stage);
    }

    /// <summary>Until that node has told each of these.</summary>
    internal static async Task Tell(NodeStage stage, StagedNode node, params string[] texts)
    {
        foreach (var text in texts) await stage.UntilAsync(text, () => Has(node, text));
    }

    internal static bool Has(StagedNode node, string text) =>
        node.Log.Any(line => line.Level > LogLevel.Debug && line.Text.StartsWith(text, StringComparison.Ordinal));

    internal static IEnumerable<LogLine> Lines(NodeStage stage) => [.. stage.Nodes.SelectMany(node => node.Log)];
}
