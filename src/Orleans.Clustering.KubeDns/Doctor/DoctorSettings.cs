using System.Net;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>What the silo of this pod would be made of, and how long the doctor may take.</summary>
internal sealed record DoctorSettings(
    IdentitySettings Identity,
    ServiceNameSettings Discovery,
    string PortName,
    DnsSettings Dns,
    ClusterKey Cluster,
    SiloId Silo)
{
    public ServiceNameSettings? Ready { get; init; }

    public int MinimumSilos { get; init; } = 1;

    public string HostName { get; init; } = "";

    public string? SecretFile { get; init; }

    /// <summary>Reads the secrets; throws what the silo's start would throw.</summary>
    public required Func<SecretFiles> Secrets { get; init; }

    /// <summary>Where the silo of this pod answers probes; port 0: nowhere.</summary>
    public required IPEndPoint Status { get; init; }

    /// <summary>How long a bad look-up is repeated: while DNS catches up much looks wrong.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one greeting.</summary>
    public TimeSpan PeerTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>For all greetings together.</summary>
    public TimeSpan AllPeersTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
