using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Configuration;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>
/// The one place where the rooms below Orleans' face are put together. Tests register another; everything else in
/// Hosting takes what it makes.
/// </summary>
internal sealed class NodeComposition
{
    /// <summary>Makes this silo's node; no I/O. The container disposes what it returns, a second time.</summary>
    public required Func<IServiceProvider, INode> Node { get; init; }

    /// <summary>Finds this silo's FQDN by its address; null where there is none, which the node then reports.</summary>
    public required Func<IServiceProvider, IPAddress, string?> Fqdn { get; init; }

    /// <summary>Makes a client's source of gateways; no I/O.</summary>
    public required Func<IServiceProvider, IGatewaySource> Gateways { get; init; }

    /// <summary>The product's own.</summary>
    public static NodeComposition Default { get; } = new()
    {
        // Discovery, Transport and Consensus meet here.
        Node = _ => throw new InvalidOperationException("No node is composed."),
        Fqdn = (services, _) => services.GetRequiredService<IOptions<KubeDnsClusteringOptions>>().Value.Fqdn,
        Gateways = _ => throw new InvalidOperationException("No source of gateways is composed."),
    };
}
