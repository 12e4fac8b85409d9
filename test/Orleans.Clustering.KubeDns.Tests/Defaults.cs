using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Configuration;

namespace Orleans.Clustering.KubeDns.Tests;

/// <summary>The defaults that the manifests and the README repeat, read from the options themselves.</summary>
internal static class Defaults
{
    public const string StartupPath = StatusEndpoint.StartupPath;
    public const string LivePath = StatusEndpoint.LivePath;
    public const string ReadyPath = StatusEndpoint.ReadyPath;

    /// <summary>Orleans' own.</summary>
    public const int SiloPort = EndpointOptions.DEFAULT_SILO_PORT;
    public const int GatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT;

    private static readonly KubeDnsClusteringOptions Silo = new();
    private static readonly KubeDnsGatewayOptions Client = new();

    public static int DiscoveryPort => Silo.DiscoveryPort;

    public static int StatusPort => Silo.StatusPort;

    public static string DiscoveryPortName => Silo.PortName;

    public static string GatewayPortName => Client.PortName;

    /// <summary>Names that <c>Orleans:Clustering</c> binds.</summary>
    public static string[] OptionNames =>
        [.. typeof(KubeDnsClusteringOptions).GetProperties().Select(property => property.Name)];
}
