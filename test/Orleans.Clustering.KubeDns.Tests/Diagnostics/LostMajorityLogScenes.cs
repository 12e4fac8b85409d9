using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Clustering.KubeDns.Tests.Node;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Diagnostics.LogScenes;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>What nodes tell that reach no majority, and those that meet the cluster that went on.</summary>
internal static class LostMajorityLogScenes
{
    public static async Task<IEnumerable<LogLine>> NoQuorumAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var node = stage.Nodes[0];
        foreach (var lost in stage.Nodes.Skip(1)) lost.IsCutOff = true;
        var joining = node.Node.WaitUntilJoinedAsync(default);
        await Tell(stage, node, "NoQuorum: joined, but", "OperationTimedOut: read", "NoQuorum: of");
        foreach (var lost in stage.Nodes) lost.IsCutOff = false;
        await Tell(stage, node, "QuorumBack");
        await stage.EndAsync(joining);
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> RescuedAsync()
    {
        await using var stage = await NodeStage.FormAsync(3, ready: true);
        var (rescuer, left) = (stage.Nodes[0], stage.Nodes.Skip(1).ToList());
        foreach (var node in left) node.IsCutOff = true;
        await Tell(stage, rescuer, "RescueWaiting");
        foreach (var node in left) node.IsReady = false;
        await Tell(stage, rescuer, "RescueBegun", "Rescued");
        foreach (var node in left) node.IsCutOff = false;
        foreach (var node in left) await Tell(stage, node, "LeftBehind");
        return Lines(stage);
    }

    // Whoever was to promise falls silent as soon as the rescue has begun.
    public static async Task<IEnumerable<LogLine>> RescueFailedAsync()
    {
        await using var stage = await NodeStage.FormAsync(5, ready: true);
        Lose(stage, stage.Nodes.Skip(2));
        foreach (var node in stage.Nodes.Take(2)) OnBegun(node, () => Others(stage, node, Delivery.TimedOut));
        await stage.UntilAsync("RescueFailed", () => stage.Nodes.Any(node => Has(node, "RescueFailed")));
        return Lines(stage);
    }

    // Somebody who was lost answers the rescuer, and only it, before the one that was asked has promised.
    public static async Task<IEnumerable<LogLine>> RescueAbandonedAsync()
    {
        await using var stage = await NodeStage.FormAsync(6, ready: true);
        var learner = stage.Nodes.Single(node => !node.Status.IsVoter);
        var left = stage.Nodes.Where(node => node.Status.IsVoter).Take(2).ToList();
        Lose(stage, stage.Nodes.Except(left));
        StagedNode? rescuer = null;
        foreach (var node in left)
        {
            OnBegun(node, () =>
            {
                if (Interlocked.CompareExchange(ref rescuer, node, null) is not null) return;
                Others(stage, node, Delivery.TimedOut);
                (learner.Answers, learner.Reaches) = (null, other => other == node);
                learner.IsCutOff = false;
            });
        }

        await stage.UntilAsync("a rescue", () => rescuer is not null);
        long Greeted() => rescuer!.Contacts.Greetings.Where(count => count.Key == "Greeted").Sum(count => count.Value);
        var before = Greeted();
        await stage.UntilAsync("an answer", () => Greeted() > before);
        Others(stage, rescuer!, null);
        await Tell(stage, rescuer!, "RescueAbandoned");
        return Lines(stage);
    }

    // As in working-majority-vetoes.txt: the learner reaches one voter only, which reaches the others.
    public static async Task<IEnumerable<LogLine>> VetoedAsync()
    {
        await using var stage = await NodeStage.FormAsync(4, ready: true);
        var learner = stage.Nodes.Single(node => !node.Status.IsVoter);
        var reached = stage.Nodes.Last(node => node.Status.IsVoter);
        learner.Reaches = other => other == reached;
        foreach (var node in stage.Nodes.Where(node => node != learner && node != reached)) node.IsReady = false;
        await Tell(stage, learner, "Vetoed");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> FencedAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var node = stage.Nodes[2];
        (node.IsCutOff, node.IsListed) = (true, false);
        await Tell(stage, node, "Fenced");
        return Lines(stage);
    }

    // Two saw that it refuses, and no majority is there to write that it has ended.
    public static async Task<IEnumerable<LogLine>> MemberLivesAsync()
    {
        await using var stage = await NodeStage.FormAsync(5, ready: true);
        foreach (var lost in stage.Nodes.Skip(3)) lost.IsCutOff = true;
        stage.Nodes[2].Answers = Delivery.Refused;
        await Tell(stage, stage.Nodes[0], "MemberEnded");
        stage.Nodes[2].Answers = null;
        await Tell(stage, stage.Nodes[0], "MemberLives");
        return Lines(stage);
    }

    public static async Task<IEnumerable<LogLine>> TwoClustersAsync()
    {
        await using var stage = await NodeStage.FormAsync(2, node => node.Sees = other => other == node);
        foreach (var node in stage.Nodes) node.Sees = _ => true;
        await stage.UntilAsync("a meeting", () => stage.Nodes.Any(node => Has(node, "LineageConflict")));
        await stage.UntilAsync("its end", () => stage.Nodes.Any(node => Has(node, "Yielding")));
        await stage.UntilAsync("its stop", () => stage.Nodes.Any(node => node.IsToldToStop));
        return Lines(stage);
    }

    private static void Lose(NodeStage stage, IEnumerable<StagedNode> nodes)
    {
        foreach (var node in nodes) (node.IsCutOff, node.IsReady) = (true, false);
        Assert.True(stage.HasReadyService);
    }

    private static void OnBegun(StagedNode node, Action act) => node.Told += line =>
    {
        if (line.Text.StartsWith("RescueBegun", StringComparison.Ordinal)) act();
    };

    private static void Others(NodeStage stage, StagedNode rescuer, Delivery? outcome)
    {
        foreach (var other in stage.Nodes.Where(node => node != rescuer)) other.Answers = outcome;
    }
}
