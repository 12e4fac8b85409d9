using Orleans.Clustering.KubeDns.Node;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

/// <summary>The contract over the table's own rules alone: what fails here is the mapping's fault.</summary>
public sealed class InMemoryContractTests : MembershipTableContract
{
    private protected override Task<IReplicaCluster> FormAsync() =>
        Task.FromResult<IReplicaCluster>(new LocalReplicas(3));

    private sealed class LocalReplicas : IReplicaCluster
    {
        private readonly IReplicatedTable _other =
            new InMemoryReplica(new InMemoryTable(), InMemoryTable.NewMember(100));

        public LocalReplicas(int size)
        {
            var table = new InMemoryTable();
            Replicas = [.. Enumerable.Range(1, size).Select(number =>
                new InMemoryReplica(table, InMemoryTable.NewMember(number)))];
        }

        public IReadOnlyList<IReplicatedTable> Replicas { get; }

        public Task<IReplicatedTable> OtherAsync() => Task.FromResult(_other);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
