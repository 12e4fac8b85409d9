using Microsoft.Extensions.Configuration;
using Orleans;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Providers;

[assembly: RegisterProvider("KubeDns", "Clustering", "Silo", typeof(KubeDnsClusteringProviderBuilder))]
[assembly: RegisterProvider("KubeDns", "Clustering", "Client", typeof(KubeDnsClusteringProviderBuilder))]

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>
/// Makes <c>Orleans:Clustering:ProviderType = KubeDns</c> choose this provider, its options read from that section.
/// </summary>
internal sealed class KubeDnsClusteringProviderBuilder :
    IProviderBuilder<ISiloBuilder>, IProviderBuilder<IClientBuilder>
{
    public void Configure(ISiloBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseKubeDnsClustering((KubeDnsClusteringOptions options) =>
            OptionBinding.Bind(configurationSection, options, options.Unreadable));

    public void Configure(IClientBuilder builder, string? name, IConfigurationSection configurationSection) =>
        builder.UseKubeDnsClustering((KubeDnsGatewayOptions options) =>
            OptionBinding.Bind(configurationSection, options, options.Unreadable));
}
