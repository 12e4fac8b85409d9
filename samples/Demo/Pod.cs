using System.Net;

namespace Demo;

/// <summary>One pod of the StatefulSet: a name that stays and an address that a replacement does not share.</summary>
internal sealed class Pod(string name, IPAddress address, Network network, string folder, TimeSpan dnsStaleness)
{
    public string Name => name;

    public IPAddress Address => address;

    public Network Network => network;

    /// <summary>What <c>hostname -f</c> would print in it.</summary>
    public string Fqdn => $"{name}.{DnsControl.Discovery}.{DnsControl.Namespace}.svc.cluster.local";

    public string Folder => folder;

    /// <summary>Where the container runs.</summary>
    public IPodSandbox Sandbox { get; init; } = new SharedSandbox();

    /// <summary>Both of Orleans' names of the cluster that the silo belongs to.</summary>
    public string Cluster { get; init; } = "demo";

    /// <summary>What its environment has besides what manifest and downward API set.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    /// <summary>The container; null before it started.</summary>
    public ChildProcess? Process { get; private set; }

    /// <summary>Told to end, or killed on purpose: from then on its end is no failure.</summary>
    public bool Ending { get; set; }

    /// <summary>What kubelet last told of its readiness.</summary>
    public bool IsReady { get; set; }

    /// <summary>The pod object is gone; another pod may have its name by now.</summary>
    public bool IsGone { get; set; }

    /// <summary>What manifest and downward API set for it; empty before it started.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; private set; } = new Dictionary<string, string>();

    /// <summary>Its node is lost: kubelet is not heard of.</summary>
    public bool IsUnseen { get; set; }

    public bool IsRunning => Process is { HasExited: false };

    public string AppUrl => $"http://{address}:{network.Http}";

    public string StatusUrl => $"http://{address}:{network.Status}";

    /// <summary>Writes what kubelet mounts; starts the silo with what manifest and downward API set.</summary>
    public void Start(string siloApp, string secretFile)
    {
        Directory.CreateDirectory(folder);
        var hosts = Path.Combine(folder, "hosts");
        var resolv = Path.Combine(folder, "resolv.conf");
        File.WriteAllText(hosts, $"""
            # Kubernetes-managed hosts file.
            127.0.0.1	localhost
            ::1	localhost ip6-localhost ip6-loopback
            {address}	{Fqdn}	{name}

            """);
        File.WriteAllText(resolv, $"""
            search {DnsControl.Namespace}.svc.cluster.local svc.cluster.local cluster.local
            nameserver {network.Dns.Address}
            options ndots:5

            """);
        Settings = Sandbox.HasOwnFiles ? Environment(secretFile) : Environment(secretFile, hosts, resolv);
        Process = ChildProcess.Start(
            name, Path.Combine(folder, "log.txt"), folder, Sandbox.Enter(this, ["dotnet", siloApp]), Settings);
    }

    // Where the pod has no /etc of its own the silo is told of its files. A resolv.conf knows no ports, and port 53 of
    // this machine is not ours to take.
    private Dictionary<string, string> Environment(string secretFile, string hosts, string resolv) =>
        new(Environment(secretFile))
        {
            ["Orleans__Clustering__HostsFile"] = hosts,
            ["Orleans__Clustering__ResolvConf"] = resolv,
            ["Orleans__Clustering__NameServers__0"] = network.Dns.ToString(),
        };

    private Dictionary<string, string> Environment(string secretFile) => new(Extra)
    {
        ["POD_NAME"] = name,
        ["POD_NAMESPACE"] = DnsControl.Namespace,
        ["POD_IP"] = address.ToString(),
        ["NODE_NAME"] = $"node-{address.GetAddressBytes()[3]}",
        ["ASPNETCORE_URLS"] = AppUrl,
        ["Orleans__ClusterId"] = Cluster,
        ["Orleans__ServiceId"] = Cluster,
        ["Orleans__Endpoints__SiloPort"] = $"{network.Silo}",
        ["Orleans__Endpoints__GatewayPort"] = $"{network.Gateway}",
        ["Orleans__Clustering__ProviderType"] = "KubeDns",
        ["Orleans__Clustering__ServiceName"] = DnsControl.Discovery,
        ["Orleans__Clustering__ReadyServiceName"] = DnsControl.Ready,
        ["Orleans__Clustering__DiscoveryPort"] = $"{network.Discovery}",
        ["Orleans__Clustering__StatusPort"] = $"{network.Status}",
        ["Orleans__Clustering__DnsStaleness"] = $"{dnsStaleness:c}",
        ["Orleans__Clustering__SecretFile"] = secretFile,
    };
}
