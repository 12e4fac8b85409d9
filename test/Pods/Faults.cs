using System.Net;
using Demo;

namespace Pods;

/// <summary>How packets do not come through.</summary>
internal enum Cut
{
    /// <summary>Silently, as when a cable is out.</summary>
    Drop,

    /// <summary>Told at once, as by a NetworkPolicy that rejects.</summary>
    Reject,
}

/// <summary>Faults of the network, each made inside the namespaces of the pods concerned.</summary>
internal static class Faults
{
    /// <summary>Between one pod and these, both ways.</summary>
    public static Task SeparateAsync(Pod pod, IEnumerable<Pod> others, Cut cut) =>
        PodNetwork.FilterAsync(pod, [.. others.SelectMany(other => Both(other.Address, cut))]);

    /// <summary>Others' connections to this pod's silo are not accepted, while its own to them are.</summary>
    public static Task DeafenAsync(Pod pod, IEnumerable<Pod> others) => PodNetwork.FilterAsync(pod,
        [.. others.Select(other => $"in ip saddr {other.Address} tcp dport {{ 11111, 11112, 30000 }} drop")]);

    /// <summary>From everybody but whoever watches: the other pods and DNS.</summary>
    public static Task IsolateAsync(Pod pod) => PodNetwork.FilterAsync(pod,
        $"in iifname eth0 ip saddr != {PodNetwork.Node} drop", $"out oifname eth0 ip daddr != {PodNetwork.Node} drop");

    /// <summary>Outgoing discovery connections end at a closed port of the pod, as at a dead sidecar's.</summary>
    // The second rule is for the connections that stood: the proxy's end was theirs.
    public static Task DeadSidecarAsync(Pod pod) => PodNetwork.FilterAsync(pod,
        "nat tcp dport 11112 redirect to :15001", "out tcp dport 11112 reject with tcp reset");

    public static Task HealAsync(Pod pod) => PodNetwork.FilterAsync(pod);

    private static IEnumerable<string> Both(IPAddress other, Cut cut)
    {
        var verdict = cut == Cut.Drop ? "drop" : "meta l4proto tcp reject with tcp reset";
        return [$"in ip saddr {other} {verdict}", $"out ip daddr {other} {verdict}"];
    }
}
