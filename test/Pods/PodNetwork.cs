using System.Net;
using Demo;

namespace Pods;

/// <summary>
/// Each pod in network and UTS namespaces of its own, with an address, a host name and an /etc of its own, and all on
/// one bridge. The bridge is in the namespace of this program, which <c>pods.sh</c> made for it: it ends with us, and
/// so does all that is in it. DNS, kubelet and whoever watches are on the bridge as well, as a cluster's nodes are.
/// </summary>
internal sealed class PodNetwork : IPodSandbox
{
    /// <summary>Asks and answers for kubelet and the watchers; no fault cuts it off from anybody.</summary>
    public static readonly IPAddress Node = IPAddress.Parse("10.77.0.1");

    /// <summary>The DNS service's address; a pod can be cut off from it.</summary>
    public static readonly IPAddress Dns = IPAddress.Parse("10.77.0.10");

    private const string Enclosed = "KUBEDNS_PODS_ENCLOSED";
    private const string Bridge = "pods0";
    private readonly HashSet<IPAddress> _open = [];

    /// <summary>The ports are the defaults, since nothing is shared.</summary>
    public static Network Network => new(
        11111, 30000, 11112, 11113, 8080, new IPEndPoint(Dns, 53), new IPEndPoint(IPAddress.Loopback, 0))
    {
        First = IPAddress.Parse("10.77.0.11"),
    };

    public bool HasOwnFiles => true;

    /// <summary>Whether this program is where its bridge would be seen by nobody else.</summary>
    public static bool IsEnclosed => Environment.GetEnvironmentVariable(Enclosed) == "1" && Environment.ProcessId < 20;

    /// <summary>The bridge, in the network namespace that this program was started in.</summary>
    public static async Task<PodNetwork> BuildAsync()
    {
        await Tool.RunAsync("ip link set lo up");
        await Tool.RunAsync($"ip link add {Bridge} type bridge");
        await Tool.RunAsync($"ip address add {Node}/24 dev {Bridge}");
        await Tool.RunAsync($"ip address add {Dns}/32 dev {Bridge}");
        await Tool.RunAsync($"ip link set {Bridge} up");
        return new PodNetwork();
    }

    public async Task OpenAsync(Pod pod)
    {
        // An address may be taken over by another pod while the namespace of the first is still there.
        if (!_open.Add(pod.Address)) return;
        var (name, link) = (NameOf(pod), $"veth{Number(pod)}");
        await Tool.RunAsync($"ip netns add {name}");
        await Tool.RunAsync($"ip link add {link} type veth peer name eth0 netns {name}");
        await Tool.RunAsync($"ip link set {link} master {Bridge} up");
        await Tool.RunAsync($"ip -n {name} address add {pod.Address}/24 dev eth0");
        await Tool.RunAsync($"ip -n {name} link set lo up");
        await Tool.RunAsync($"ip -n {name} link set eth0 up");
    }

    public string[] Enter(Pod pod, string[] command) =>
    [
        "ip", "netns", "exec", NameOf(pod), "unshare", "--uts", "sh", "-c",
        """
        hostname "$1" && mount --bind "$2/hosts" /etc/hosts && mount --bind "$2/resolv.conf" /etc/resolv.conf || exit
        shift 2
        exec "$@"
        """,
        "sh", pod.Name, pod.Folder, .. command,
    ];

    public async Task CloseAsync(Pod pod)
    {
        if (!_open.Remove(pod.Address)) return;
        // First the link: the kernel takes its time to end the one of a namespace that goes.
        await Tool.RunAsync($"ip link delete veth{Number(pod)}");
        await Tool.RunAsync($"ip netns delete {NameOf(pod)}");
    }

    /// <summary>What this pod's packets meet, instead of what they met before; nothing: they pass.</summary>
    public static Task FilterAsync(Pod pod, params string[] rules) => Tool.RunAsync(
        $"ip netns exec {NameOf(pod)} nft -f -",
        $$"""
        flush ruleset
        table inet faults {
          chain input { type filter hook input priority 0; policy accept;
            {{string.Join('\n', rules.Where(rule => rule.StartsWith("in ")).Select(rule => rule[3..]))}}
          }
          chain output { type filter hook output priority 0; policy accept;
            {{string.Join('\n', rules.Where(rule => rule.StartsWith("out ")).Select(rule => rule[4..]))}}
          }
          chain detour { type nat hook output priority -100; policy accept;
            {{string.Join('\n', rules.Where(rule => rule.StartsWith("nat ")).Select(rule => rule[4..]))}}
          }
        }

        """);

    private static byte Number(Pod pod) => pod.Address.GetAddressBytes()[3];

    private static string NameOf(Pod pod) => $"pod{Number(pod)}";
}
