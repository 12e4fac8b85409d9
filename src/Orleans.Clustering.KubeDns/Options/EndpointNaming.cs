namespace Orleans.Configuration;

/// <summary>Which name counts as a silo's identity when the discovery service lists its address.</summary>
public enum EndpointNaming
{
    /// <summary>
    /// The pod's own FQDN: an SRV target that lists our address under another name is an error (KDNS303b).
    /// </summary>
    PodName,

    /// <summary>
    /// Whatever name the service lists, for clusters whose CoreDNS cannot be given <c>endpoint_pod_names</c>.
    /// </summary>
    Any,
}
