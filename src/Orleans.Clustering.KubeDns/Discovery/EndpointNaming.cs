namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>Whether the name under which DNS lists a silo must be the name that the pod calls itself.</summary>
internal enum EndpointNaming
{
    /// <summary>It must: another name is KDNS303b.</summary>
    PodName,

    /// <summary>The listed name is the identity, for clusters whose CoreDNS names endpoints by their address.</summary>
    Any,
}
