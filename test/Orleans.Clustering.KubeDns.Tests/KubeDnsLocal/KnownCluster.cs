using System.Net;
using KubeDns.Local.Model;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>The cluster of the known answers, after the one that CoreDNS tests itself with.</summary>
internal static class KnownCluster
{
    public const string Namespace = "testns";
    public const string Suffix = ".testns.svc.cluster.local.";

    private static readonly ServicePort Http = new("http", 80);

    public static ClusterState State => new()
    {
        Services =
        [
            new ServiceSpec(Namespace, "hdls1") { Ports = [Http] },
            new ServiceSpec(Namespace, "hdlsprtls"),
            new ServiceSpec(Namespace, "svc1") { Ports = [Http], ClusterIPs = [IPAddress.Parse("10.0.0.1")] },
            new ServiceSpec(Namespace, "svcdual")
            {
                Ports = [Http], ClusterIPs = [IPAddress.Parse("10.0.0.3"), IPAddress.Parse("10::3")],
            },
        ],
        Pods =
        [
            Pod("a", "172.0.0.2"),
            Pod("b", "172.0.0.3"),
            Pod("c", "172.0.0.4") with { Hostname = "dup-name", Subdomain = "hdls1" },
            Pod("d", "172.0.0.5") with { Hostname = "dup-name", Subdomain = "hdls1" },
            Pod("e", "5678:abcd::1"),
            Pod("f", "5678:abcd::2"),
            Pod("g", "172.0.0.20") with { Services = ["hdlsprtls"] },
        ],
    };

    public static PodSpec Pod(string name, params string[] addresses) => new(Namespace, name)
    {
        Addresses = [.. addresses.Select(IPAddress.Parse)], Services = ["hdls1"],
    };
}
