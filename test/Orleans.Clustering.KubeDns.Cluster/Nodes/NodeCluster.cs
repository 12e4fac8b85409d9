using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Tests.Membership;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Cluster.Nodes;

/// <summary>
/// Real nodes over the real transport on this machine's loopback, as <c>SiloComposition</c> makes them; only DNS is a
/// list, and the ways between the nodes can be cut. They are founded together, so all of them vote, or as many as may.
/// </summary>
internal sealed class NodeCluster : IReplicaCluster
{
    private static readonly TimeSpan FormsWithin = TimeSpan.FromSeconds(20);
    private static readonly ClusterKey Ours = new(MembershipTableContract.ClusterId, MembershipTableContract.ClusterId);

    private readonly List<ReplicaNode> _nodes = [];
    private Sequence<ListedPeer> _listed;
    private ReplicaNode? _other;

    private NodeCluster()
    {
    }

    public IReadOnlyList<ReplicaNode> Nodes => _nodes;

    public IReadOnlyList<IReplicatedTable> Replicas => _nodes;

    public Switchboard Board { get; } = new();

    /// <summary>What ended a node's process, had it been one.</summary>
    public List<Exception> Fatal { get; } = [];

    /// <summary>Who leads. One that was passed over while it was cut off thinks so too, but knows less.</summary>
    public ReplicaNode Leader => _nodes.Select(node => (Node: node, node.Status))
        .Where(each => each.Status.IsLeader).MaxBy(each => each.Status.LogIndex).Node;

    /// <summary>
    /// Starts the nodes at once and waits until each has joined and all of them vote; of more than five, five do.
    /// </summary>
    public static async Task<NodeCluster> FormAsync(int size)
    {
        var cluster = new NodeCluster();
        var members = FreePorts(size).Select((port, index) => Member(index, port)).ToList();
        cluster._listed = members.Select(member => new ListedPeer(member.Fqdn, member.Address)).ToSequence();
        cluster._nodes.AddRange(members.Select(member => cluster.Make(member, Ours)));
        using var limit = new CancellationTokenSource(FormsWithin);
        try
        {
            await Task.WhenAll(cluster._nodes.Select(node => node.StartAsync(limit.Token)));
            await Task.WhenAll(cluster._nodes.Select(node => node.WaitUntilJoinedAsync(limit.Token)));
            cluster.RequireAllVote();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task<IReplicatedTable> OtherAsync()
    {
        if (_other is not null) return _other;
        var self = Member(_nodes.Count, FreePorts(1)[0]);
        _other = Make(self, Ours with { ClusterId = MembershipTableContract.OtherId });
        _listed = _listed.Append(new ListedPeer(self.Fqdn, self.Address)).ToSequence();
        using var limit = new CancellationTokenSource(FormsWithin);
        await _other.StartAsync(limit.Token);
        await _other.WaitUntilJoinedAsync(limit.Token);
        return _other;
    }

    /// <summary>All ways between this node and the others, in both directions.</summary>
    public void Cut(ReplicaNode node, Line line)
    {
        foreach (var other in _nodes.Where(other => other != node))
        {
            Board[node.Self.Address, other.Self.Address] = line;
            Board[other.Self.Address, node.Self.Address] = line;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes) await node.DisposeAsync();
        if (_other is not null) await _other.DisposeAsync();
        if (Fatal.Count > 0) throw new AggregateException("A node broke a rule of its protocol.", Fatal);
    }

    /// <summary>Ports that were free a moment ago, all different.</summary>
    public static IReadOnlyList<int> FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        listeners.ForEach(listener => listener.Start());
        var ports = listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToList();
        listeners.ForEach(listener => listener.Dispose());
        return ports;
    }

    private void RequireAllVote()
    {
        var most = new Settings().MaxVoters;
        var lineages = _nodes.Select(node => node.Status.Lineage).Distinct().Count();
        if (lineages != 1 || _nodes.Count(node => node.Status.IsVoter) != Math.Min(_nodes.Count, most))
        {
            var known = _nodes.Select(node => $"{node.Self} knows {string.Join(' ', node.Status.Voters)}");
            throw new InvalidOperationException($"{lineages} lineages: {string.Join("; ", known)}");
        }
    }

    private ReplicaNode Make(MemberId self, ClusterKey key)
    {
        var replica = new Replica(
            new Settings(), key, self, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
        return new ReplicaNode(
            replica, new NodeSettings(), Wiring(self), TimeProvider.System, NullLogger<ReplicaNode>.Instance);
    }

    private NodeWiring Wiring(MemberId self)
    {
        var (options, counts) = (new TransportOptions(), new TransportCounts());
        var secrets = new SecretFiles(null, null, NullLogger.Instance);
        return new NodeWiring(
            async (serve, cancellationToken) =>
            {
                var server = new PeerServer(
                    IPAddress.Loopback, self.Address.Port, options, secrets, new MessageHandler(serve), counts,
                    NullLogger.Instance);
                await server.StartAsync(cancellationToken);
                return server;
            },
            new SwitchedPeers(new PeerClient(options, secrets, counts), self.Address, Board),
            _ => Task.FromResult(new DnsSighting(
                TimeProvider.System.GetTimestamp(), true, _listed, TimeSpan.Zero, false, "", TimeSpan.Zero, "")),
            error =>
            {
                lock (Fatal) Fatal.Add(error);
            });
    }

    private static MemberId Member(int index, int port) => new(
        $"silo-{index}.orleans.shop.svc.cluster.local",
        new PeerAddress("127.0.0.1", port),
        new SiloId("127.0.0.1", 11111 + index, 1),
        new Nonce(BitConverter.ToUInt128(RandomNumberGenerator.GetBytes(16))));
}
