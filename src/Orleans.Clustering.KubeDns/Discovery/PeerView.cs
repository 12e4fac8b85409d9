using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>An address that DNS lists, unproven; the name is in lower case without the trailing dot.</summary>
internal sealed record Peer(string Fqdn, IPAddress Address, int Port)
{
    public IPEndPoint EndPoint => new(Address, Port);

    public override string ToString() => $"{Fqdn}={EndPoint}";
}

/// <summary>What one look-up brought.</summary>
internal sealed record PeerView(DnsOutcome Outcome, long AskedAt)
{
    /// <summary>
    /// The time provider's timestamp from before the question was sent, so that the answer is at least as new as any
    /// answer of that moment may be.
    /// </summary>
    public long AskedAt { get; } = AskedAt;

    /// <summary>
    /// A whole NOERROR answer of a headless service. Only such a view may count towards a founding or against anyone;
    /// of the others <see cref="Peers"/> may add addresses, and their absence says nothing.
    /// </summary>
    public bool IsComplete => Outcome == DnsOutcome.Records && Self.Standing != SelfStanding.NotHeadless;

    /// <summary>Every address listed, ourselves included, sorted, without doubles.</summary>
    public ImmutableArray<Peer> Peers { get; init; } = [];

    /// <summary>Of this answer.</summary>
    public TimeSpan MaxTtl { get; init; }

    public bool SawZeroTtl { get; init; }

    /// <summary>For people: what failed, and where.</summary>
    public string Detail { get; init; } = "";

    public SelfVerdict Self { get; init; } = SelfVerdict.Unknown;

    /// <summary>What the answer shows to be wrong; often only for now, while DNS catches up.</summary>
    public KdnsError? Diagnosis => Self.Error;
}
