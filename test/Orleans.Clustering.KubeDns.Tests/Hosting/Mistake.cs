using System.Net;
using KubeDns.Local.Model;
using Orleans.Configuration;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>One mistake that leads to one code: what DNS is told of the pod, and how the pod is set up.</summary>
internal sealed record Mistake(string Code, Action<LocalCluster, IPAddress> Publish)
{
    private const string Service = "orleans";

    public string Name { get; init; } = "silo-x7";

    public string? Hosts { get; init; }

    public string Search { get; init; } = "test.svc.cluster.local";

    public string ClusterId { get; init; } = "test";

    public Action<KubeDnsClusteringOptions> Configure { get; init; } = _ => { };

    /// <summary>Whether a healthy silo runs beside it, and says the same of it.</summary>
    public bool IsBesideAnother { get; init; }

    public bool OtherSaysSo { get; init; }

    public Action<KubeDnsClusteringOptions> ConfigureOther { get; init; } = _ => { };

    public static IReadOnlyList<Mistake> All { get; } =
    [
        new("KDNS301", (_, _) => { }),
        new("KDNS302", (dns, _) => dns.AddService(
            Pod.Headless() with { ClusterIPs = [IPAddress.Parse("10.96.0.1")] })),
        new("KDNS303", (dns, _) =>
        {
            dns.AddService(Pod.Headless());
            dns.AddPod(PodSpec.OfStatefulSet("test", "other-0", Service, IPAddress.Parse("127.254.254.254")));
        }),
        new("KDNS303b", (dns, address) => dns.AddPod(
            new PodSpec("test", "silo-x7") { Addresses = [address], Services = [Service] }))
        {
            IsBesideAnother = true,
        },
        new("KDNS306", (dns, address) =>
        {
            dns.AddPod(Sharing("a", address));
            // Comes before any pod's own address, whose second part is 1 or more: the text lists them in order.
            dns.AddPod(Sharing("b", IPAddress.Parse("127.0.254.253")));
        })
        {
            IsBesideAnother = true,
        },
        new("KDNS307", (dns, address) =>
        {
            Crowd(dns, address, 60);
            dns.Faults = new FaultSpec { Tcp = TransportFault.Silent };
        }),
        new("KDNS308", (dns, address) => List(dns, "silo-0", address))
        {
            Name = "silo-0",
            Configure = options => options.MinimumSilos = 3,
        },
        new("KDNS309", (dns, address) => Crowd(dns, address, 900)),
        new("KDNS310", (dns, address) => List(dns, "silo-x7", address)),
        new("KDNS311", (dns, address) => List(dns, "silo-x7", address))
        {
            ClusterId = "blue",
            IsBesideAnother = true,
            OtherSaysSo = true,
        },
        new("KDNS312", (_, _) => { }) { Search = "home.example" },
        new("KDNS313", (dns, address) => List(dns, "silo-x7", address))
        {
            IsBesideAnother = true,
            OtherSaysSo = true,
            ConfigureOther = options => options.SecretFile = SecretFile(),
        },
        new("KDNS314", (dns, address) => dns.AddPod(
            PodSpec.OfStatefulSet("test", "silo-x7", Service, address) with
            {
                Ports = new Dictionary<string, int> { ["discovery"] = 22222 },
            }))
        {
            IsBesideAnother = true,
        },
        new("KDNS316", (dns, _) => dns.AddService(Pod.Headless())) { Hosts = "silo-x7" },
    ];

    private static void List(LocalCluster dns, string name, IPAddress address)
    {
        dns.AddService(Pod.Headless());
        dns.AddPod(PodSpec.OfStatefulSet("test", name, Service, address));
    }

    private static void Crowd(LocalCluster dns, IPAddress address, int others)
    {
        dns.AddService(Pod.Headless());
        dns.AddPod(PodSpec.OfStatefulSet("test", "silo-x7", Service, address));
        for (var i = 0; i < others; i++)
        {
            var other = new IPAddress([127, 254, (byte)(i / 250), (byte)(1 + i % 250)]);
            dns.AddPod(PodSpec.OfStatefulSet("test", $"other-{i}", Service, other));
        }
    }

    private static PodSpec Sharing(string name, IPAddress address) =>
        PodSpec.OfStatefulSet("test", name, Service, address) with { Hostname = "silo-x7" };

    private static string SecretFile()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "mistake.secret");
        File.WriteAllText(path, "a secret that the others do not know");
        return path;
    }
}
