using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>The diagnoses that concern an answer that is never whole: KDNS307 and 309.</summary>
internal static class AnswerErrors
{
    /// <summary>What a cut-off answer means: over UDP that TCP fails, over TCP that DNS cannot hold it.</summary>
    public static KdnsError CutOff(ServicePort service, SrvAnswer answer) =>
        answer.ViaTcp ? TooLarge(service, answer) : NoTcp(service, answer);

    private static ImmutableArray<string> Seen(ServicePort service, SrvAnswer answer) =>
    [
        service.SrvName,
        .. answer.Detail.Split("; "),
        "A part of an answer proves nothing: no cluster is founded on it, and nobody is missed by it.",
    ];

    private static KdnsError NoTcp(ServicePort service, SrvAnswer answer) => new(
        "KDNS307",
        "The answer does not fit UDP, and no name server answers over TCP.",
        Seen(service, answer),
        [
            "a NetworkPolicy lets the pods reach DNS by UDP 53 only",
            "a cache, proxy or firewall on the way (node-local DNS, a mesh) does not pass TCP 53",
            "resolv.conf or the option NameServers names a server that does not listen on TCP",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get networkpolicy -o yaml",
            "kubectl -n kube-system get service kube-dns -o jsonpath='{.spec.ports}'",
            "cat /etc/resolv.conf     # in the pod",
            "",
            "The policy through which the silos reach DNS needs both lines (an answer for 12 pods and more is asked for"
                + " by TCP):",
            "  egress:",
            "  - ports:",
            "    - { protocol: UDP, port: 53 }",
            "    - { protocol: TCP, port: 53 }",
        ]);

    private static KdnsError TooLarge(ServicePort service, SrvAnswer answer) => new(
        "KDNS309",
        "The answer exceeds 64 KiB, the most that DNS can carry.",
        Seen(service, answer),
        [
            "the service selects more than about 620 pods; 500 are supported",
            "the names of pods, service, namespace and cluster domain are long: each record holds them in full",
            "the service selects pods that are no silos",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get service {service.Service.Service}"
                + " -o jsonpath='{.spec.selector}'",
            $"kubectl -n {service.Service.Namespace} get endpointslices"
                + $" -l kubernetes.io/service-name={service.Service.Service}",
            "",
            "Run 500 silos or fewer in one service, let its selector pick silos only, or divide the application into",
            "clusters, each with a ClusterId and a service of its own.",
        ]);
}
