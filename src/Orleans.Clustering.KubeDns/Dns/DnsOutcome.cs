namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>
/// How a question ended. Kept apart because they prove different things: only <see cref="Records"/> says who is
/// listed, and no other outcome may ever count against a silo.
/// </summary>
internal enum DnsOutcome
{
    /// <summary>NOERROR, whole, with at least one record that answers the question.</summary>
    Records,

    /// <summary>The name does not exist: no service, no such port, or no endpoint.</summary>
    NxDomain,

    /// <summary>The name exists and has no record of the type.</summary>
    NoData,

    /// <summary>The server could not answer now; CoreDNS says so until it has read the API server.</summary>
    ServFail,

    /// <summary>Another error code: REFUSED, NOTIMP, FORMERR and the rest.</summary>
    Refused,

    /// <summary>Cut off, or with targets whose addresses could not be read: may add peers, never remove any.</summary>
    Incomplete,

    /// <summary>Not an answer to our question, or not DNS at all.</summary>
    Malformed,

    /// <summary>Nothing answered in time.</summary>
    TimedOut,

    /// <summary>No name server is known, or the network refused to carry the question.</summary>
    Unreachable,
}

/// <summary>What several outcomes have in common.</summary>
internal static class DnsOutcomes
{
    /// <summary>No such name, or no such record: a real answer of a server that lists nobody.</summary>
    public static bool IsEmpty(this DnsOutcome outcome) => outcome is DnsOutcome.NxDomain or DnsOutcome.NoData;
}
