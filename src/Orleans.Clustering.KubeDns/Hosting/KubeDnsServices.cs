using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Transport;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>The registrations behind every way to choose this provider; a second call adds nothing.</summary>
internal static class KubeDnsServices
{
    /// <summary>Registers what a silo needs.</summary>
    public static void AddSilo(IServiceCollection services)
    {
        if (!AddShared<KubeDnsClusteringOptions, KubeDnsClusteringOptionsValidator>(services)) return;
        services.TryAddSingleton(_ => PodEnvironment.OfThisProcess());
        PodEnvironment.FillIn(services);
        ReplaceSiloDetails(services);
        services.TryAddSingleton(provider => provider.GetRequiredService<NodeComposition>().Node(provider));
        services.AddSingleton<IMembershipTable>(Table);
        services.AddSingleton(Probes);
        services.AddSingleton<TransportCounts>();
        services.AddSingleton<ContactCounts>();
        services.AddSingleton<NodeCounts>();
        services.AddSingleton<Operations>();
        services.AddSingleton(provider => new MembershipRefresher(
            provider, TimeProvider.System, provider.GetRequiredService<ILogger<MembershipRefresher>>()));
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ReplicaLifecycle>();
    }

    /// <summary>Registers what a client needs.</summary>
    public static void AddClient(IServiceCollection services)
    {
        if (!AddShared<KubeDnsGatewayOptions, KubeDnsGatewayOptionsValidator>(services)) return;
        services.TryAddSingleton(provider =>
        {
            // Resolved, so that it is there: nothing else asks for it.
            _ = provider.GetRequiredService<Metrics>();
            return provider.GetRequiredService<NodeComposition>().Gateways(provider);
        });
        services.AddSingleton<IGatewayListProvider>(provider => new KubeDnsGatewayListProvider(
            provider.GetRequiredService<IGatewaySource>, provider.GetRequiredService<IOptions<GatewayOptions>>()));
    }

    private static bool AddShared<TOptions, TValidator>(IServiceCollection services)
        where TOptions : class, new()
        where TValidator : class, IConfigurationValidator
    {
        if (services.Any(service => service.ImplementationType == typeof(TValidator))) return false;

        // First in line: Orleans' own validators stop at the first fault, and theirs would hide ours.
        services.Insert(0, ServiceDescriptor.Singleton<IConfigurationValidator, TValidator>());
        services.ConfigureFormatter<TOptions>();
        services.TryAddSingleton(NodeComposition.Default);
        services.TryAddSingleton<LookUpCounts>();
        services.TryAddSingleton(Meters);
        return true;
    }

    private static KubeDnsMembershipTable Table(IServiceProvider provider) => new(
        provider.GetRequiredService<INode>,
        () => provider.GetRequiredService<INode>().Status,
        provider.GetRequiredService<IOptions<KubeDnsClusteringOptions>>(),
        provider.GetRequiredService<IOptions<ClusterOptions>>(),
        provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None);

    private static StatusEndpoint Probes(IServiceProvider provider) => new(
        () => SiloComposition.StatusEndPoint(provider),
        () => provider.GetRequiredService<INode>().Status,
        () => provider.GetRequiredService<ISiloStatusOracle>().CurrentStatus,
        () => provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping.IsCancellationRequested ?? false,
        provider,
        provider.GetRequiredService<ILoggerFactory>());

    // A client looks gateways up and meets no peers.
    private static Metrics Meters(IServiceProvider provider)
    {
        var metrics = new Metrics(provider.GetService<IMeterFactory>());
        metrics.Watch(provider.GetRequiredService<LookUpCounts>());
        if (provider.GetService<ContactCounts>() is { } contacts) metrics.Watch(contacts);
        if (provider.GetService<TransportCounts>() is { } transport) metrics.Watch(transport);
        if (provider.GetService<NodeCounts>() is { } counts) metrics.Watch(counts);
        if (provider.GetService<Operations>() is { } operations) metrics.Watch(operations);
        return metrics;
    }

    // Decorated, not rewritten: how Orleans draws a silo's address and generation stays its own.
    private static void ReplaceSiloDetails(IServiceCollection services)
    {
        var original = services.LastOrDefault(service => service.ServiceType == typeof(ILocalSiloDetails))
            ?? throw new InvalidOperationException("UseKubeDnsClustering belongs on the silo builder of UseOrleans.");
        services.Remove(original);
        services.AddSingleton<ILocalSiloDetails>(provider =>
        {
            var inner = (ILocalSiloDetails)(original.ImplementationInstance
                ?? original.ImplementationFactory?.Invoke(provider)
                ?? ActivatorUtilities.CreateInstance(provider, original.ImplementationType!));
            var find = provider.GetRequiredService<NodeComposition>().Fqdn;
            return new FqdnSiloDetails(inner, () => find(provider, inner.SiloAddress.Endpoint.Address));
        });
    }
}
