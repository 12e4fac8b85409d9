using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>The diagnoses that concern the service as a whole: KDNS301, 302 and 312.</summary>
internal static class ServiceErrors
{
    /// <summary>KDNS301: the SRV name does not exist or has no SRV record.</summary>
    /// <param name="service">What was asked for.</param>
    /// <param name="port">What the pods listen on; null for the gateways, whose port a client cannot know.</param>
    /// <param name="answer">NXDOMAIN or NODATA.</param>
    public static KdnsError NoService(ServicePort service, int? port, SrvAnswer answer) => new(
        "KDNS301",
        $"DNS knows no port \"{service.PortName}\" of a service \"{service.Service.Service}\".",
        [
            service.SrvName,
            answer.Outcome == DnsOutcome.NxDomain
                ? "answered NXDOMAIN: there is no such name"
                : "answered NODATA: the name exists, but it has no SRV record",
        ],
        [
            $"namespace \"{service.Service.Namespace}\" has no service \"{service.Service.Service}\", or its cluster"
                + $" domain is not \"{service.Service.Zone}\"",
            $"the service has no port named \"{service.PortName}\" (the DNS name holds the port's name)",
            port is null
                ? "the service's selector matches no pod, or none of its pods is ready yet"
                : "the service's selector matches no pod, or publishNotReadyAddresses is missing and no pod is ready",
            "the pods have just started: their addresses are not published yet, or a cache still holds the former"
                + " \"no such name\" (5 to 30 s)",
        ],
        [.. LookAtService(service), "", "The service needs:", .. Manifest(service, port)]);

    /// <summary>KDNS302: the record points at the service itself.</summary>
    public static KdnsError NotHeadless(ServicePort service, SrvAnswer answer)
    {
        var itself = answer.Targets.First(t => DnsName.Same(t.Target, service.Service.Fqdn));
        return new KdnsError(
            "KDNS302",
            $"Service \"{service.Service.Service}\" is not headless: it hides its pods behind one address.",
            [
                $"{service.SrvName} points at the service itself:",
                $"{itself.Target}:{itself.Port} ({string.Join(", ", itself.Addresses)})",
            ],
            [
                "the service was made without clusterIP: None",
                "the option names another service over the same pods, for example the one for an ingress",
            ],
            [
                $"kubectl -n {service.Service.Namespace} get service {service.Service.Service}"
                    + " -o jsonpath='{.spec.clusterIP}'",
                "",
                "clusterIP cannot be changed in place. Put clusterIP: None into the manifest, then:",
                $"kubectl -n {service.Service.Namespace} delete service {service.Service.Service}",
                "kubectl apply -f <the manifest>",
            ]);
    }

    /// <summary>KDNS312: the service's whole name cannot be told.</summary>
    public static KdnsError NoSuffix(ServiceNameSettings settings, string seen) => new(
        "KDNS312",
        "The whole DNS name of the service cannot be told.",
        [
            seen,
            $"looked for a search entry <namespace>.svc.<domain> in {settings.ResolvConf}",
            $"and for a namespace in {settings.NamespaceFile}",
        ],
        [
            "this process does not run in a pod, so that nobody tells it a namespace",
            "the pod has dnsPolicy: Default or None, or hostNetwork without dnsPolicy: ClusterFirstWithHostNet",
            "ServiceName is misspelt, or contradicts the options Namespace and ClusterDomain",
        ],
        [
            "cat /etc/resolv.conf     # in a pod: search <namespace>.svc.<domain> svc.<domain> <domain>",
            "",
            "Either write the service's name in full:",
            "  ServiceName = \"orleans.my-namespace.svc.cluster.local\"",
            "or set both options:",
            "  Namespace = \"my-namespace\", ClusterDomain = \"cluster.local\"",
            "On a laptop, run the local DNS server and name it in NameServers.",
        ]);

    /// <summary>The lines with which every look at a service starts.</summary>
    public static ImmutableArray<string> LookAtService(ServicePort service) =>
        [
            $"kubectl -n {service.Service.Namespace} get service {service.Service.Service} -o yaml",
            $"kubectl -n {service.Service.Namespace} get endpointslices"
                + $" -l kubernetes.io/service-name={service.Service.Service}",
        ];

    private static ImmutableArray<string> Manifest(ServicePort service, int? port)
    {
        string number = port is null ? "<gateway port>" : $"{port}";
        ImmutableArray<string> publish = port is null ? [] : ["    publishNotReadyAddresses: true"];
        return
        [
            "  metadata:",
            $"    name: {service.Service.Service}",
            $"    namespace: {service.Service.Namespace}",
            "  spec:",
            "    clusterIP: None",
            .. publish,
            "    selector: { <the labels of the silo pods> }",
            "    ports:",
            $"    - name: {service.PortName}",
            $"      port: {number}",
            $"      targetPort: {(port is null ? number : service.PortName)}",
            "      protocol: TCP",
        ];
    }
}
