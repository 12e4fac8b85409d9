using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Configuration;
using ServiceName = Orleans.Clustering.KubeDns.Discovery.ServiceName;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>A client's gateways: DNS → discovery → Orleans.</summary>
internal sealed class GatewayComposition(GatewayDiscovery discovery) : IGatewaySource
{
    public static IGatewaySource Of(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<KubeDnsGatewayOptions>>().Value;
        var settings = new ServiceNameSettings(options.ServiceName)
        {
            Namespace = options.Namespace,
            ClusterDomain = options.ClusterDomain,
        };
        var service = new ServicePort(ServiceName.Find(settings), options.PortName);
        var resolver = new DnsSrvResolver(
            SiloComposition.Resolver(options.NameServers, settings.ResolvConf),
            services.GetRequiredService<LookUpCounts>());
        return new GatewayComposition(new GatewayDiscovery(resolver, service, TimeProvider.System));
    }

    public async Task<GatewayAnswer> LookUpAsync(CancellationToken cancellationToken)
    {
        var view = await discovery.LookUpAsync(cancellationToken);
        return view.EverAnswered
            ? GatewayAnswer.Of(view.Gateways)
            : GatewayAnswer.None(view.Diagnosis?.Message ?? $"{view.Outcome}: {view.Detail}");
    }
}
