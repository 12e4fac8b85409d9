using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Clustering.KubeDns.Node;
using Servers;
using TableBench.Replica;

namespace TableBench.Backends;

/// <summary>
/// This repository's provider: the voters in processes of their own, and a silo in this process that does not vote and
/// asks them over the network, as a client of another store would.
/// </summary>
internal sealed class KubeDnsBackend(int replicas) : IBackend
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<Server> _voters = [];
    private LocalDnsServer? _dns;
    private IHost? _host;
    private INode? _node;

    public string Name => $"kubedns {replicas}";

    public string Kind => "kubedns";

    public int Replicas => replicas;

    public IEnumerable<int> ProcessIds => _voters.Select(voter => voter.ProcessId);

    public async Task<IMembershipTable> StartAsync(string folder, CancellationToken stop)
    {
        _dns = await LocalDnsServer.StartAsync();
        _dns.Cluster.AddService(new ServiceSpec(ReplicaSettings.Namespace, ReplicaSettings.Service)
        {
            Ports = [new ServicePort("discovery", 11112) { TargetPortName = "discovery" }],
            PublishNotReadyAddresses = true,
        });
        var secret = Path.Combine(folder, "secret");
        await File.WriteAllTextAsync(secret, $"{Guid.NewGuid()}{Guid.NewGuid()}", stop);

        // All of them are listed before the first one starts, so they found the cluster together and all vote.
        var voters = Ports.Free(replicas).Select((port, index) => Publish($"voter-{index}", port, secret)).ToList();
        _voters.AddRange(voters.Select(voter => voter.Start(folder)));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        foreach (var (voter, index) in _voters.Zip(voters))
            await voter.UntilAnswersAsync(_ => index.RequireActiveAsync(folder), limit.Token);

        var own = Publish("caller", Ports.Free(1)[0], secret);
        _host = own.Build();
        _node = _host.Services.GetRequiredService<INode>();
        await _node.StartAsync(limit.Token);
        await _node.WaitUntilJoinedAsync(limit.Token);
        await OwnRow.InsertAsync(_host, limit.Token);
        RequireAllVote(_node.Status);
        return ProviderHost.Table(_host);
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        _host?.Dispose();
        await Task.WhenAll(_voters.Select(voter => voter.DisposeAsync().AsTask()));
        if (_dns is not null) await _dns.DisposeAsync();
    }

    private ReplicaSettings Publish(string name, int port, string secret)
    {
        _dns!.Cluster.AddPod(
            PodSpec.OfStatefulSet(ReplicaSettings.Namespace, name, ReplicaSettings.Service, IPAddress.Loopback) with
            {
                Ports = new Dictionary<string, int> { ["discovery"] = port },
            });
        return new ReplicaSettings(name, port, _dns.EndPoint.ToString(), secret, replicas);
    }

    private void RequireAllVote(NodeStatus status)
    {
        if (status.Voters.Count != replicas || status.IsVoter)
            throw new InvalidOperationException($"{replicas} were to vote: {string.Join(' ', status.Voters)} do");
    }
}
