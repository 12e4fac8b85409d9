using Microsoft.Extensions.Options;

namespace Orleans.Configuration;

/// <summary>Refuses a client's options before anything starts, naming every fault and its remedy.</summary>
internal sealed class KubeDnsGatewayOptionsValidator(IOptions<KubeDnsGatewayOptions> options) : IConfigurationValidator
{
    /// <inheritdoc />
    public void ValidateConfiguration()
    {
        var faults = new OptionFaults(nameof(KubeDnsGatewayOptions));
        var value = KubeDnsClusteringOptionsValidator.Bound(options);
        faults.AddRange(value.Unreadable);
        faults.Service(nameof(value.ServiceName), value.ServiceName, "orleans-ready");
        faults.ServicePort(nameof(value.PortName), value.PortName);
        faults.DnsName(nameof(value.Namespace), value.Namespace);
        faults.DnsName(nameof(value.ClusterDomain), value.ClusterDomain);
        faults.NameServers(nameof(value.NameServers), value.NameServers);
        faults.ThrowIfAny();
    }
}
