using System.Collections.Immutable;
using System.Net;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>
/// One SRV record and the addresses of its target. <see cref="Target"/> is in lower case without the trailing dot.
/// Priority and weight are dropped: in Kubernetes they mean nothing.
/// </summary>
internal sealed record SrvTarget(string Target, int Port, ImmutableArray<IPAddress> Addresses)
{
    public bool Equals(SrvTarget? other) =>
        other is not null && Target == other.Target && Port == other.Port && Addresses.SequenceEqual(other.Addresses);

    public override int GetHashCode() => HashCode.Combine(Target, Port, Addresses.Length);

    public override string ToString() => $"{Target}:{Port} [{string.Join(", ", Addresses)}]";
}

/// <summary>What one SRV question brought: always an outcome, never an exception.</summary>
internal sealed record SrvAnswer(string Question, DnsOutcome Outcome)
{
    /// <summary>
    /// Without doubles, sorted by target and port. Filled for <see cref="DnsOutcome.Records"/>; for
    /// <see cref="DnsOutcome.Incomplete"/> what could be read, possibly nothing; else empty.
    /// </summary>
    public ImmutableArray<SrvTarget> Targets { get; init; } = [];

    /// <summary>Smallest TTL of the records used; zero if there were none.</summary>
    public TimeSpan MinTtl { get; init; }

    /// <summary>Largest TTL of the records used; zero if there were none.</summary>
    public TimeSpan MaxTtl { get; init; }

    /// <summary>A TTL of 0 marks an answer that a cache served past its time.</summary>
    public bool SawZeroTtl => !Targets.IsEmpty && MinTtl == TimeSpan.Zero;

    public bool ViaTcp { get; init; }

    /// <summary>It was cut off (TC): over UDP if TCP did not work, over TCP if DNS cannot hold it.</summary>
    public bool IsCutOff { get; init; }

    public IPEndPoint? Server { get; init; }

    public TimeSpan Took { get; init; }

    /// <summary>For people: what each failed try said.</summary>
    public string Detail { get; init; } = "";
}
