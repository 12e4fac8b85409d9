namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>The diagnoses that concern how the silos are set up as a whole: KDNS308 and 310.</summary>
internal static class SetupErrors
{
    /// <summary>KDNS308 for a StatefulSet's first pod that is listed alone and has no cluster; else null.</summary>
    public static KdnsError? Alone(
        ServicePort service, string pod, string address, bool isListedAlone, int minimumSilos) =>
        isListedAlone && minimumSilos > 1 && pod.EndsWith("-0", StringComparison.Ordinal)
            ? OrderedReady(service, pod, address, minimumSilos)
            : null;

    /// <summary>KDNS308: the first pod waits for others, which are made once it is ready.</summary>
    public static KdnsError OrderedReady(ServicePort service, string pod, string address, int minimumSilos)
    {
        var set = pod[..pod.LastIndexOf('-')];
        return new KdnsError(
            "KDNS308",
            "This pod waits for others to found a cluster with, and they seem to be made only once it is ready.",
            [
                $"{service.SrvName} lists {pod} ({address}) and nobody else",
                $"MinimumSilos is {minimumSilos}, and a silo is ready only once it has a cluster",
            ],
            [
                "a StatefulSet with podManagementPolicy: OrderedReady, which is its default: it makes the second pod"
                    + " once the first is ready",
                $"fewer replicas than MinimumSilos ({minimumSilos})",
                "the other pods cannot be scheduled, or have no address yet",
            ],
            [
                $"kubectl -n {service.Service.Namespace} get pods -o wide",
                $"kubectl -n {service.Service.Namespace} get statefulset {set}"
                    + " -o jsonpath='{.spec.podManagementPolicy} {.spec.replicas}'",
                "",
                "podManagementPolicy cannot be changed in place. Put into the manifest",
                "  spec:",
                "    podManagementPolicy: Parallel",
                "and then:",
                $"kubectl -n {service.Service.Namespace} delete statefulset {set} --cascade=orphan",
                "kubectl apply -f <the manifest>",
                "",
                "Or set MinimumSilos = 1: this pod founds the cluster, and the others join it.",
            ]);
    }

    /// <summary>KDNS310: nothing tells a lost node from a silent one.</summary>
    public static KdnsError NoReadyService(ServicePort service) => new(
        "KDNS310",
        "No ready service is configured, so that a silo on a lost node is only silent.",
        [
            $"ReadyServiceName is not set; ServiceName is \"{service.Service.Service}\"",
            "When a lost node takes a majority of the voters with it (or the only voter of two silos), the others will",
            "wait until its pods are deleted.",
        ],
        [
            "the option was left out: it has no default, since the service must exist",
        ],
        [
            $"kubectl -n {service.Service.Namespace} get service {service.Service.Service} -o yaml",
            "",
            "Add a second headless service over the same pods, without publishNotReadyAddresses:",
            "  metadata:",
            $"    name: {service.Service.Service}-ready",
            $"    namespace: {service.Service.Namespace}",
            "  spec:",
            "    clusterIP: None",
            $"    selector: {{ <that of {service.Service.Service}> }}",
            "    ports:",
            $"    - {{ name: {service.PortName}, port: <as in {service.Service.Service}> }}",
            "    - { name: gateway, port: 30000 }",
            "and set:",
            $"  ReadyServiceName = \"{service.Service.Service}-ready\"",
        ]);
}
