using System.Collections.Immutable;
using System.Net;
using DnsClient.Protocol;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>The end of one question of any type, before anybody read meaning into the records.</summary>
internal sealed record DnsReply(DnsOutcome Outcome, string Detail)
{
    private const int MaxDetail = 600;

    /// <summary>Answer records of the type asked for whose owner is the name asked for.</summary>
    public ImmutableArray<DnsResourceRecord> Records { get; init; } = [];

    public ImmutableArray<DnsResourceRecord> Additionals { get; init; } = [];

    public IPEndPoint? Server { get; init; }

    public bool ViaTcp { get; init; }

    /// <summary>Bytes of the answer; 0 where none came.</summary>
    public int Size { get; init; }

    /// <summary>The server spoke and meant it; another one would only be asked after an error.</summary>
    public bool IsFinal => IsWhole || (Outcome == DnsOutcome.Incomplete && ViaTcp);

    /// <summary>Nothing that the server has is missing.</summary>
    public bool IsWhole => Outcome is DnsOutcome.Records || Outcome.IsEmpty();

    /// <summary>The server has answered, if only that it cannot: asked another way it would say the same.</summary>
    public bool IsAnswered => IsFinal || Outcome is DnsOutcome.ServFail or DnsOutcome.Refused;

    /// <summary>
    /// Of two failures the one that tells more, with the words of both: the operator needs to see that one server
    /// timed out although the other said SERVFAIL.
    /// </summary>
    public static DnsReply MoreTelling(DnsReply? earlier, DnsReply later)
    {
        if (earlier is null)
        {
            return later;
        }

        var chosen = Rank(later.Outcome) > Rank(earlier.Outcome) ? later : earlier;
        var detail = earlier.Detail.Contains(later.Detail, StringComparison.Ordinal)
            ? earlier.Detail
            : $"{earlier.Detail}; {later.Detail}";
        return chosen with { Detail = detail.Length > MaxDetail ? detail[..MaxDetail] : detail };
    }

    private static int Rank(DnsOutcome outcome) => outcome switch
    {
        DnsOutcome.Incomplete => 7,
        DnsOutcome.ServFail => 6,
        DnsOutcome.Refused => 5,
        DnsOutcome.Malformed => 4,
        DnsOutcome.Unreachable => 3,
        DnsOutcome.TimedOut => 2,

        // That one server knows nothing is no failure; that the other failed may be why.
        DnsOutcome.NoData => 1,
        _ => 0,
    };
}
