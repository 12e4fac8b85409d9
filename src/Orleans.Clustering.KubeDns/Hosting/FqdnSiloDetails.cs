using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>
/// Orleans' own details of the silo, but for the host name: it goes into the silo's row, where an FQDN tells which pod
/// it is and the short name of <c>Dns.GetHostName()</c> does not.
/// </summary>
internal sealed class FqdnSiloDetails(ILocalSiloDetails inner, Func<string?> fqdn) : ILocalSiloDetails
{
    // Orleans reads it while it constructs the silo, before any validator ran.
    private readonly Lazy<string> _name = new(() => fqdn() ?? inner.DnsHostName);

    public string Name => inner.Name;

    public string ClusterId => inner.ClusterId;

    public string DnsHostName => _name.Value;

    public SiloAddress SiloAddress => inner.SiloAddress;

    public SiloAddress GatewayAddress => inner.GatewayAddress;
}
