using System.Net;
using FormationBench.Silo;
using KubeDns.Local.Model;
using KubeDns.Local.Server;

namespace FormationBench.Fleet;

/// <summary>
/// Kubernetes as its DNS shows it, for the silos that ask it: a pod is listed as soon as it has an address, ready once
/// its silo is Active, not ready once its process ended, and gone once it is replaced.
/// </summary>
internal sealed class Pods(LocalDnsServer dns) : IAsyncDisposable
{
    public const string Namespace = "bench";
    public const string Service = "orleans";
    public const string Ready = "orleans-ready";

    public string NameServer => dns.EndPoint.ToString();

    public static async Task<Pods> StartAsync()
    {
        var dns = await LocalDnsServer.StartAsync();
        ServicePort Port(string name) => new(name, 11112) { TargetPortName = name };
        dns.Cluster.AddService(new ServiceSpec(Namespace, Service)
        {
            Ports = [Port("discovery")],
            PublishNotReadyAddresses = true,
        });
        dns.Cluster.AddService(new ServiceSpec(Namespace, Ready) { Ports = [Port("discovery"), Port("gateway")] });
        return new Pods(dns);
    }

    public void Publish(SiloSettings silo) => dns.Cluster.AddPod(
        PodSpec.OfStatefulSet(Namespace, silo.Name, Service, IPAddress.Parse(silo.Address)) with
        {
            Services = [Service, Ready],
            Ports = new Dictionary<string, int>
            {
                ["discovery"] = silo.DiscoveryPort, ["gateway"] = silo.GatewayPort,
            },
            Ready = false,
        });

    public void SetReady(string name, bool ready) => dns.Cluster.SetReady(Namespace, name, ready);

    public void Remove(string name) => dns.Cluster.RemovePod(Namespace, name);

    public ValueTask DisposeAsync() => dns.DisposeAsync();
}
