using System.Collections.Immutable;
using System.Net;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>How to ask. The defaults suit a cluster: a lost datagram costs one second, a dead server eight.</summary>
internal sealed record DnsSettings
{
    /// <summary>Asked at each look-up, because resolv.conf may change under us.</summary>
    public required Func<ImmutableArray<IPEndPoint>> NameServers { get; init; }

    /// <summary>For one try over UDP, and again for one over TCP.</summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Tries in all; more if there are more name servers, so that each is asked once.</summary>
    public int Tries { get; init; } = 3;

    /// <summary>Bound on everything, including the questions for addresses that came without glue.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>64 KiB hold about 620 pods; what is far beyond is no cluster of ours.</summary>
    public int MaxTargets { get; init; } = 1024;

    /// <summary>Bound on the addresses of all targets together.</summary>
    public int MaxAddresses { get; init; } = 4096;

    /// <summary>Bound on the name servers asked, whatever resolv.conf says.</summary>
    public int MaxNameServers { get; init; } = 8;
}
