using System.Net;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>
/// The one place where the rooms below Orleans' face are put together. Tests register another; everything else in
/// Hosting takes what it makes.
/// </summary>
internal sealed class NodeComposition
{
    /// <summary>
    /// Makes this silo's node; binds and asks nothing. The container disposes what it returns, a second time.
    /// </summary>
    public required Func<IServiceProvider, INode> Node { get; init; }

    /// <summary>Finds this silo's FQDN by its address; null where there is none, which the node then reports.</summary>
    public required Func<IServiceProvider, IPAddress, string?> Fqdn { get; init; }

    /// <summary>Makes a client's source of gateways; no I/O.</summary>
    public required Func<IServiceProvider, IGatewaySource> Gateways { get; init; }

    /// <summary>The product's own.</summary>
    public static NodeComposition Default { get; } = new()
    {
        Node = SiloComposition.Node,
        Fqdn = SiloComposition.Fqdn,
        Gateways = GatewayComposition.Of,
    };
}
