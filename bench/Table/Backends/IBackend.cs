using Orleans;

namespace TableBench.Backends;

/// <summary>Something that can hold a membership table, with as many replicas as its name says.</summary>
internal interface IBackend : IAsyncDisposable
{
    /// <summary>As the table at the end shows it.</summary>
    string Name { get; }

    /// <summary>Which it is, whatever its number of replicas: kubedns, postgres, redis, etcd, raft.</summary>
    string Kind { get; }

    int Replicas { get; }

    /// <summary>The processes that it started; they may have children.</summary>
    IEnumerable<int> ProcessIds { get; }

    /// <summary>Starts its processes and returns the table, as this process reaches it; empty or nearly so.</summary>
    /// <exception cref="Servers.NotAvailable">It cannot be had on this machine.</exception>
    Task<IMembershipTable> StartAsync(string folder, CancellationToken stop);
}
