using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>Chooses clustering by a Kubernetes headless service for a silo.</summary>
public static class KubeDnsSiloBuilderExtensions
{
    /// <summary>Forms the cluster from a Kubernetes headless service, without storage.</summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="configureOptions">Sets at least the name of the service.</param>
    /// <returns>The silo builder.</returns>
    public static ISiloBuilder UseKubeDnsClustering(
        this ISiloBuilder builder, Action<KubeDnsClusteringOptions> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.UseKubeDnsClustering((OptionsBuilder<KubeDnsClusteringOptions> options) =>
        {
            options.Configure(configureOptions);
        });
    }

    /// <summary>Forms the cluster from a Kubernetes headless service, without storage.</summary>
    /// <param name="builder">The silo builder.</param>
    /// <param name="configureOptions">Sets, or binds from configuration, at least the name of the service.</param>
    /// <returns>The silo builder.</returns>
    public static ISiloBuilder UseKubeDnsClustering(
        this ISiloBuilder builder, Action<OptionsBuilder<KubeDnsClusteringOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configureOptions);
        configureOptions(builder.Services.AddOptions<KubeDnsClusteringOptions>());
        KubeDnsServices.AddSilo(builder.Services);
        return builder;
    }
}
