using Orleans.Clustering.KubeDns.Tests.Membership;

namespace Orleans.Clustering.KubeDns.Cluster.Nodes;

/// <summary>The contract over one real node: it decides alone, yet by the same path.</summary>
public sealed class OneNodeContractTests : MembershipTableContract
{
    private protected override async Task<IReplicaCluster> FormAsync() => await NodeCluster.FormAsync(1);
}

/// <summary>The contract over three real nodes, all of them voters.</summary>
public sealed class ThreeNodeContractTests : MembershipTableContract
{
    private protected override async Task<IReplicaCluster> FormAsync() => await NodeCluster.FormAsync(3);
}

/// <summary>The contract over five voters and one node that only learns, as in a cluster of six silos.</summary>
public sealed class FiveNodeContractTests : MembershipTableContract
{
    private protected override async Task<IReplicaCluster> FormAsync() => await NodeCluster.FormAsync(6);
}
