namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>The diagnosis that concerns our own name: KDNS316.</summary>
internal static class IdentityErrors
{
    /// <summary>KDNS316: the pod has no name of the form that the service's records use.</summary>
    public static KdnsError NoFqdn(IdentitySettings settings, ServiceName service, string seen) => new(
        "KDNS316",
        "This pod has no name under which the discovery service could list it.",
        [
            seen,
            $"needed is a name <pod>.{service.Fqdn}",
        ],
        [
            $"a Deployment without subdomain: {service.Service} in its pod template",
            $"a StatefulSet whose serviceName is not \"{service.Service}\"",
            "hostname: in the pod template, or a pod name over 63 characters, which the host name cuts, so that"
                + " POD_NAME and host name disagree",
            $"the silo's AdvertisedIPAddress ({settings.Address}) is not an address of this pod, for example with"
                + " hostNetwork",
        ],
        [
            "hostname -f; cat /etc/hosts     # in the pod",
            "",
            "StatefulSet:",
            "  spec:",
            $"    serviceName: {service.Service}",
            "",
            "Deployment (CoreDNS also needs endpoint_pod_names, see KDNS303b):",
            "  spec:",
            "    template:",
            "      spec:",
            $"        subdomain: {service.Service}",
            "",
            "Outside Kubernetes set the option Fqdn, or name a hosts file in the option HostsFile that holds:",
            $"  {settings.Address} <pod>.{service.Fqdn} <pod>",
        ]);
}
