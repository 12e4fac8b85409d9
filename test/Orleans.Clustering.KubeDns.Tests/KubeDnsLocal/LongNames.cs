using System.Net;
using KubeDns.Local.Model;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>A service whose targets have 57 characters, as in the table that counts pods to an answer.</summary>
internal static class LongNames
{
    public const string Question = "_discovery._tcp.orleans.shop.svc.cluster.local.";
    private const string Suffix = ".orleans.shop.svc.cluster.local";

    public static ClusterState Cluster(int pods) => new()
    {
        Services = [new ServiceSpec("shop", "orleans") { Ports = [new("discovery", 11112)] }],
        Pods =
        [
            .. from i in Enumerable.Range(0, pods)
               select PodSpec.OfStatefulSet("shop", Name(i), "orleans", Address(i)),
        ],
    };

    public static string Name(int index) => $"silo-{index.ToString().PadLeft(57 - Suffix.Length - 5, '0')}";

    public static IPAddress Address(int index) => new([10, 1, (byte)(index >> 8), (byte)index]);
}
