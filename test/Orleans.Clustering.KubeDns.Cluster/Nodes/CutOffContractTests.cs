using System.Diagnostics;
using Orleans.Clustering.KubeDns.Tests.Membership;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Nodes;

/// <summary>
/// The contract while each leader in turn is cut off for one second in every four. A case goes round on its cluster
/// until enough leaders were lost in its midst; outcomes may stay untold, but none is told wrongly.
/// </summary>
public abstract class CutOffContract(int size, int leaderChanges) : MembershipTableContract
{
    private static readonly TimeSpan ChangesWithin = TimeSpan.FromSeconds(20);

    private protected sealed override bool MayLoseAnswers => true;

    private protected sealed override async Task<IReplicaCluster> FormAsync() => await NodeCluster.FormAsync(size);

    private protected sealed override async Task HoldAsync(Func<Task> round)
    {
        await using var cutting = new LeaderCutting((NodeCluster)Cluster);
        var clock = Stopwatch.StartNew();
        do await round();
        while (cutting.LeaderChanges < leaderChanges && clock.Elapsed < ChangesWithin * leaderChanges);

        Assert.True(cutting.Healed > 0, "No leader was cut off.");
        Assert.True(cutting.LeaderChanges >= leaderChanges, $"{cutting.LeaderChanges} changes of leader");
    }
}

/// <summary>Of three voters, one leader lost in the midst of each case.</summary>
public sealed class CutOffThreeNodeContractTests() : CutOffContract(size: 3, leaderChanges: 1);

/// <summary>Of five voters and a learner, one leader lost in the midst of each case.</summary>
public sealed class CutOffFiveNodeContractTests() : CutOffContract(size: 6, leaderChanges: 1);

/// <summary>Of three voters, each in turn lost as leader in the midst of each case.</summary>
[Trait("Category", "Long")]
public sealed class LongCutOffThreeNodeContractTests() : CutOffContract(size: 3, leaderChanges: 3);

/// <summary>Of five voters and a learner, three leaders lost in the midst of each case.</summary>
[Trait("Category", "Long")]
public sealed class LongCutOffFiveNodeContractTests() : CutOffContract(size: 6, leaderChanges: 3);
