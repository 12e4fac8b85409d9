using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>The diagnoses that concern how the service lists us: KDNS303, 303b, 306 and 314.</summary>
internal static class ListingErrors
{
    private const int Shown = 5;

    /// <summary>KDNS303: others are listed, we are not.</summary>
    public static KdnsError NotListed(Identity self, ServicePort service, ImmutableArray<SrvTarget> others) => new(
        "KDNS303",
        "Our address has not appeared in DNS, although others have.",
        [
            $"{service.SrvName} lists",
            .. others.Take(Shown).Select(t => $"  {t.Target}:{t.Port} ({string.Join(", ", t.Addresses)})"),
            .. others.Length > Shown ? [$"  and {others.Length - Shown} more"] : ImmutableArray<string>.Empty,
            $"but not {new IPEndPoint(self.Address, self.Port)}, where we listen"
                + (self.Fqdn is null ? "" : $" as {self.Fqdn}"),
        ],
        [
            "the pod has just started: its address reaches DNS within the TTL (5 s; kubeadm 30 s; a node-local cache"
                + " adds up to 30 s)",
            "the service lacks publishNotReadyAddresses: true, so that a pod is listed only once it is ready, while"
                + " this silo becomes ready only once it is listed",
            "the labels of this pod do not match the service's selector",
            "the silo's AdvertisedIPAddress is not the address of the pod, or of another family than the service's",
        ],
        [
            .. ServiceErrors.LookAtService(service),
            $"kubectl -n {service.Service.Namespace} get pods -o wide --show-labels | grep -F {self.Address}",
            "",
            "In the service:",
            "  spec:",
            "    publishNotReadyAddresses: true",
            "    selector: { <labels that the pod template has too> }",
        ]);

    /// <summary>KDNS303b: our address is listed under a name that is not ours.</summary>
    public static KdnsError OtherName(Identity self, ServicePort service, string listed) => new(
        "KDNS303b",
        "Our address is listed in DNS under a name that is not our own.",
        [
            $"{service.SrvName} lists {new IPEndPoint(self.Address, self.Port)} as",
            $"  {listed}",
            "but this pod calls itself",
            $"  {self.Fqdn}",
        ],
        [
            "a Deployment whose CoreDNS lacks the option endpoint_pod_names, so that it names endpoints by their"
                + " address (10-1-2-3)",
            $"a StatefulSet whose serviceName is not \"{service.Service.Service}\"",
            "a pod name of 64 characters or more, which CoreDNS replaces by the address",
            "the address was reused: DNS still shows the pod that had it before us",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get pods -o wide | grep -F {self.Address}",
            "",
            "StatefulSet (works with every DNS server; serviceName cannot be changed in place, delete with"
                + " --cascade=orphan and apply again):",
            "  spec:",
            $"    serviceName: {service.Service.Service}",
            "",
            "Deployment, both changes:",
            "  spec:",
            "    template:",
            "      spec:",
            $"        subdomain: {service.Service.Service}",
            "  kubectl -n kube-system edit configmap coredns",
            $"    kubernetes {service.Service.Zone} in-addr.arpa ip6.arpa {{",
            "        endpoint_pod_names",
            "        ...",
            "    }",
            "  kubectl -n kube-system rollout restart deployment coredns",
            "",
            "If you may change neither: EndpointNaming = Any takes the listed name as this silo's identity.",
        ]);

    /// <summary>KDNS306: our name has several addresses of our family.</summary>
    public static KdnsError DuplicateHostname(
        Identity self, ServicePort service, string name, ImmutableArray<IPAddress> sharing) => new(
        "KDNS306",
        "Several pods publish one name.",
        [
            $"{service.SrvName} lists under {name}",
            $"  {string.Join(", ", sharing.Take(Shown))}"
                + (sharing.Length > Shown ? $" and {sharing.Length - Shown} more" : ""),
            $"of which {self.Address} is ours",
        ],
        [
            "a Deployment whose pod template sets hostname:, so that all its pods have one name",
            "two StatefulSets, or pods made by hand, with the same hostname and subdomain",
            "a replaced pod: for some seconds DNS shows its former address too",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get pods -o custom-columns="
                + "NAME:.metadata.name,HOSTNAME:.spec.hostname,SUBDOMAIN:.spec.subdomain,IP:.status.podIP",
            "",
            "In the Deployment remove hostname: and keep subdomain:",
            "  spec:",
            "    template:",
            "      spec:",
            "        # hostname: ...   <- remove",
            $"        subdomain: {service.Service.Service}",
        ]);

    /// <summary>KDNS314: our address is listed, with a port on which we do not listen.</summary>
    public static KdnsError PortMismatch(Identity self, ServicePort service, int listed) => new(
        "KDNS314",
        "The service names a port on which we do not listen.",
        [
            $"{service.SrvName} lists {new IPEndPoint(self.Address, listed)}",
            $"but this silo listens on port {self.Port}",
        ],
        [
            $"targetPort of the service's port \"{service.PortName}\" (it is what DNS shows, not port) differs from"
                + " the option DiscoveryPort",
            $"the container's port \"{service.PortName}\", which targetPort names, has another number",
            $"PortName is \"{service.PortName}\", but the silos' port has another name in this service",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get service {service.Service.Service}"
                + " -o jsonpath='{.spec.ports}'",
            "",
            "In the pod template:",
            "    ports:",
            $"    - name: {service.PortName}",
            $"      containerPort: {self.Port}",
            "and in the service:",
            "    ports:",
            $"    - name: {service.PortName}",
            $"      port: {self.Port}",
            $"      targetPort: {service.PortName}",
            $"or set DiscoveryPort = {listed}.",
        ]);
}
