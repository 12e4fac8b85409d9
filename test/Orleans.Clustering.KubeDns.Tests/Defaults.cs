namespace Orleans.Clustering.KubeDns.Tests;

/// <summary>
/// The defaults that the manifests and the README repeat. The options class is on its way; once it is here, each of
/// these becomes a reading of it.
/// </summary>
internal static class Defaults
{
    public const int SiloPort = 11111;
    public const int DiscoveryPort = 11112;
    public const int StatusPort = 11113;
    public const int GatewayPort = 30000;
    public const string DiscoveryPortName = "discovery";
    public const string GatewayPortName = "gateway";
    public const string StartupPath = "/startupz";
    public const string LivePath = "/livez";
    public const string ReadyPath = "/readyz";

    /// <summary>Names that <c>Orleans:Clustering</c> binds.</summary>
    public static readonly string[] OptionNames =
    [
        "ServiceName", "ReadyServiceName", "Namespace", "ClusterDomain", "PortName", "DiscoveryPort", "StatusPort",
        "Fqdn", "HostsFile", "ResolvConf", "DnsStaleness", "EndpointNaming", "NameServers", "MinimumSilos",
        "ContactTimeout", "MaxVoters", "TrustConnectionRefused", "FailureDomain", "QuorumLoss", "OperationTimeout",
        "TakeoverAfter", "VoterTimeout", "RefusedFor", "RemovedFor", "NotReadyFor", "RescueAfter", "StallFence",
        "FenceAfter", "SecretFile", "PreviousSecretFile",
    ];
}
