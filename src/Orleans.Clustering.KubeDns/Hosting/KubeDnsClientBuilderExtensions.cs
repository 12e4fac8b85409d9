using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>Chooses clustering by a Kubernetes headless service for a client.</summary>
public static class KubeDnsClientBuilderExtensions
{
    /// <summary>Finds the gateways through a Kubernetes headless service.</summary>
    /// <param name="builder">The client builder.</param>
    /// <param name="configureOptions">Sets at least the name of the service.</param>
    /// <returns>The client builder.</returns>
    public static IClientBuilder UseKubeDnsClustering(
        this IClientBuilder builder, Action<KubeDnsGatewayOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.UseKubeDnsClustering((OptionsBuilder<KubeDnsGatewayOptions> options) =>
        {
            options.Configure(configureOptions);
        });
    }

    /// <summary>Finds the gateways through a Kubernetes headless service.</summary>
    /// <param name="builder">The client builder.</param>
    /// <param name="configureOptions">Sets, or binds from configuration, at least the name of the service.</param>
    /// <returns>The client builder.</returns>
    public static IClientBuilder UseKubeDnsClustering(
        this IClientBuilder builder, Action<OptionsBuilder<KubeDnsGatewayOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configureOptions);
        configureOptions(builder.Services.AddOptions<KubeDnsGatewayOptions>());
        KubeDnsServices.AddClient(builder.Services);
        return builder;
    }
}
