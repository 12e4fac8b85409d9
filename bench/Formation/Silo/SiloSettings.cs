using System.Text.Json;

namespace FormationBench.Silo;

/// <summary>What a silo process is told, as JSON in its only argument but the command's name.</summary>
internal sealed record SiloSettings
{
    public const string Command = "silo";

    /// <summary>Which provider: kubedns, localhost, adonet or redis.</summary>
    public required string Provider { get; init; }

    public required string Cluster { get; init; }

    /// <summary>Its name, as a StatefulSet gives it.</summary>
    public required string Name { get; init; }

    public required string Address { get; init; }

    public required int SiloPort { get; init; }

    public required int GatewayPort { get; init; }

    public int DiscoveryPort { get; init; }

    public int StatusPort { get; init; }

    /// <summary>The address of the first silo, which holds the table of the provider localhost.</summary>
    public string Primary { get; init; } = "";

    /// <summary>Of the store.</summary>
    public string ConnectionString { get; init; } = "";

    /// <summary>Of the DNS server.</summary>
    public string NameServer { get; init; } = "";

    public double DnsStaleness { get; init; }

    public string SecretFile { get; init; } = "";

    /// <summary>Joining silos' reads are not put in order.</summary>
    public bool IsUnordered { get; init; }

    public string Fqdn => $"{Name}.{Fleet.Pods.Service}.{Fleet.Pods.Namespace}.svc.cluster.local";

    public string Write() => JsonSerializer.Serialize(this);

    public static SiloSettings Read(string text) => JsonSerializer.Deserialize<SiloSettings>(text)!;
}
