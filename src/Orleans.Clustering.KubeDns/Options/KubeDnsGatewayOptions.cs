namespace Orleans.Configuration;

/// <summary>
/// How a client finds the gateways through a Kubernetes headless service. Bind from <c>Orleans:Clustering</c> with
/// <c>ProviderType</c> <c>KubeDns</c>, or set in code. A client needs no secret, and no access but to DNS.
/// </summary>
public sealed class KubeDnsGatewayOptions
{
    /// <summary>
    /// The headless service that lists the silos fit for clients (the one without <c>publishNotReadyAddresses</c>): a
    /// short name or an FQDN. Required.
    /// </summary>
    public string ServiceName { get; set; } = "";

    /// <summary>
    /// The name of the service's port for gateways: 1–15 lower-case letters, digits and hyphens. Default
    /// <c>gateway</c>.
    /// </summary>
    public string PortName { get; set; } = "gateway";

    /// <summary>
    /// The Kubernetes namespace of the service. Default: the first <c>search</c> entry of <c>/etc/resolv.conf</c>, else
    /// the service account's namespace.
    /// </summary>
    public string? Namespace { get; set; }

    /// <summary>
    /// The cluster's DNS zone. Default: the first <c>search</c> entry of <c>/etc/resolv.conf</c>, else
    /// <c>cluster.local</c>.
    /// </summary>
    public string? ClusterDomain { get; set; }

    /// <summary>
    /// The DNS servers to ask, each an IP address with or without a port (53). At most 8. Default: those of
    /// <c>/etc/resolv.conf</c>.
    /// </summary>
    public IList<string> NameServers { get; set; } = [];

    /// <summary>What the configuration held and could not be read; the validator tells it with all the rest.</summary>
    internal IList<string> Unreadable { get; } = [];
}
