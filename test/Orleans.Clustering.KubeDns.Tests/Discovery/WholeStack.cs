using System.Collections.Concurrent;
using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Tests.Dns;
using ServicePort = Orleans.Clustering.KubeDns.Discovery.ServicePort;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>
/// All that stands between Kubernetes' DNS and the node: the local DNS server on loopback, the resolver, and discovery,
/// wired as in a silo. It asks about the service of <see cref="Given"/>.
/// </summary>
internal sealed class WholeStack : IAsyncDisposable
{
    private readonly LocalDnsServer _dns;
    private readonly ConcurrentQueue<ObservedQuery> _queries = [];

    private WholeStack(LocalDnsServer dns)
    {
        _dns = dns;
        dns.Observed += _queries.Enqueue;
    }

    public LocalCluster Cluster => _dns.Cluster;

    public IPEndPoint EndPoint => _dns.EndPoint;

    /// <summary>What the server was asked, in order.</summary>
    public IReadOnlyList<ObservedQuery> Queries => [.. _queries];

    /// <summary>Patient, for a busy machine; where silence is the point, impatient.</summary>
    public DnsSettings Settings { get; private set; } = null!;

    public DnsSrvResolver Resolver => new(Settings);

    /// <summary>Lists every pod, as the service for discovery does.</summary>
    public static ServiceSpec Orleans { get; } = new("shop", "orleans")
    {
        PublishNotReadyAddresses = true,
        Ports = [new("discovery", 11112)],
    };

    public static Task<WholeStack> StartAsync(params PodSpec[] pods) =>
        StartAsync(new LocalDnsOptions { Cluster = new() { Services = [Orleans], Pods = pods } });

    /// <param name="options">How the server runs, and what its cluster holds.</param>
    /// <param name="tcp">Over UDP it cuts every answer off, so that whoever needs one asks over TCP.</param>
    public static async Task<WholeStack> StartAsync(LocalDnsOptions options, bool tcp = false)
    {
        var stack = new WholeStack(await LocalDnsServer.StartAsync(options));
        stack.Settings = DnsSrvResolverTests.Settings(stack.EndPoint);
        if (tcp) stack.Cluster.Faults = new FaultSpec { Udp = TransportFault.Truncated };
        return stack;
    }

    public static PodSpec Pod(string name, params string[] addresses) =>
        PodSpec.OfStatefulSet("shop", name, "orleans", [.. addresses.Select(IPAddress.Parse)]);

    /// <summary>Who calls itself by that name at that address; without a name, whatever DNS calls it.</summary>
    public static Identity Self(string address, string? fqdn, int port = 11112) =>
        new(IPAddress.Parse(address), port)
        {
            Fqdn = fqdn is null || fqdn.Contains('.') ? fqdn : $"{fqdn}.{Given.Zone}",
        };

    /// <summary>Answers the next query about the service wrongly, and those after it as the cluster says.</summary>
    public void AnswerOnce(FaultAnswer wrong, string service = "orleans")
    {
        void Heal(ObservedQuery query)
        {
            var isUdp = query.Transport == global::KubeDns.Local.Server.Transport.Udp;
            if (isUdp && Cluster.Faults.Udp == TransportFault.Truncated) return;
            Cluster.SetServiceFaults("shop", service, null);
            _dns.Observed -= Heal;
        }

        Cluster.SetServiceFaults("shop", service, new FaultSpec { Answer = wrong });
        _dns.Observed += Heal;
    }

    /// <summary>The next look-ups give up a try after 0.3 s.</summary>
    public void LosePatience() => Settings = DnsSrvResolverTests.Impatient(EndPoint);

    public DiscoveryService Silo(Identity self, ServicePort? service = null, TimeProvider? time = null) =>
        new(Resolver, new DiscoverySettings(service ?? Given.Port, self), time ?? TimeProvider.System);

    public Task<PeerView> LookUpAsync(Identity self, ServicePort? service = null) =>
        Silo(self, service).LookUpAsync(default);

    public ValueTask DisposeAsync() => _dns.DisposeAsync();
}

internal static class Showing
{
    /// <summary>Outcome, what it says of us, and the peers: first labels and addresses.</summary>
    public static string Show(this PeerView view) => string.Join(' ', [$"{view.Outcome}", $"{view.Self.Standing}:",
        .. view.Peers.Select(peer => $"{peer.Fqdn.Split('.')[0]}={peer.Address}")]);
}
