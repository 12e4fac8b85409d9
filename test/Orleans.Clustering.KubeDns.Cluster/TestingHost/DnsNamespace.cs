using System.Collections.Concurrent;
using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;

namespace Orleans.Clustering.KubeDns.Cluster.TestingHost;

/// <summary>The pods of a namespace as a DNS server lists them, in two services.</summary>
internal interface IPodDns : IAsyncDisposable
{
    /// <summary>Where it answers.</summary>
    string Address { get; }

    void AddPod(string name, int discovery, int gateway);

    void SetReady(string name);

    void RemovePod(string name);
}

/// <summary>
/// A local DNS server with the two services of the manifests, found by the text of its address: the testing host
/// makes its configurators itself and passes them nothing but configuration.
/// </summary>
internal sealed class DnsNamespace : IPodDns
{
    public const string Name = "shop";
    public const string Discovery = "orleans";
    public const string Ready = "orleans-ready";
    private static readonly ConcurrentDictionary<string, IPodDns> All = new();

    private readonly LocalDnsServer _server;

    private DnsNamespace(LocalDnsServer server) => _server = server;

    public string Address => _server.EndPoint.ToString();

    public static async Task<DnsNamespace> StartAsync()
    {
        var dns = new DnsNamespace(await LocalDnsServer.StartAsync());
        dns._server.Cluster.AddService(new ServiceSpec(Name, Discovery)
        {
            Ports = [Port("discovery", 11112)],
            PublishNotReadyAddresses = true,
        });
        dns._server.Cluster.AddService(new ServiceSpec(Name, Ready)
        {
            Ports = [Port("discovery", 11112), Port("gateway", 30000)],
        });
        return dns;
    }

    /// <summary>From now on the configurators find it.</summary>
    public static void Announce(IPodDns dns) => All[dns.Address] = dns;

    public static void Forget(IPodDns dns) => All.TryRemove(dns.Address, out _);

    public static IPodDns At(string address) => All[address];

    public static string Fqdn(string pod) => $"{pod}.{Discovery}.{Name}.svc.cluster.local";

    public void AddPod(string name, int discovery, int gateway) => _server.Cluster.AddPod(
        PodSpec.OfStatefulSet(Name, name, Discovery, IPAddress.Loopback) with
        {
            Services = [Discovery, Ready],
            Ports = new Dictionary<string, int> { ["discovery"] = discovery, ["gateway"] = gateway },
            Ready = false,
        });

    public void SetReady(string name) => _server.Cluster.SetReady(Name, name, true);

    public void RemovePod(string name) => _server.Cluster.RemovePod(Name, name);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static ServicePort Port(string name, int port) => new(name, port) { TargetPortName = name };
}
