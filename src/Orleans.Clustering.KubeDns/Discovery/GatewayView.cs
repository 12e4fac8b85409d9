using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>The gateways that a client may call, after one look-up of the ready service.</summary>
internal sealed record GatewayView(DnsOutcome Outcome)
{
    /// <summary>
    /// False as long as no look-up was ever answered: then <see cref="Gateways"/> is empty for want of knowledge, and
    /// the caller should report <see cref="Detail"/> as a failure.
    /// </summary>
    public bool EverAnswered { get; init; }

    /// <summary>Of this look-up, or of the last good one if this one failed.</summary>
    public ImmutableArray<IPEndPoint> Gateways { get; init; } = [];

    public string Detail { get; init; } = "";

    public KdnsError? Diagnosis { get; init; }
}
