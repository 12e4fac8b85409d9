namespace KubeDns.Local.Model;

internal enum FaultAnswer
{
    /// <summary>The true answer.</summary>
    Normal,
    ServFail,
    NxDomain,

    /// <summary>No answer at all, as when packets are lost; a TCP connection stays open.</summary>
    Drop,
}

internal enum TransportFault
{
    None,

    /// <summary>No answer, as when a network policy drops the packets.</summary>
    Silent,

    /// <summary>TCP: the connection is closed without an answer. UDP cannot be closed: as silent.</summary>
    Closed,

    /// <summary>Every record is cut off and TC set: over UDP the client turns to TCP; over TCP that is all.</summary>
    Truncated,
}

/// <summary>What goes wrong, for one service or for all; what is null is left to the next wider scope.</summary>
internal sealed record FaultSpec
{
    public static readonly FaultSpec None = new();

    public FaultAnswer? Answer { get; init; }

    public TransportFault? Udp { get; init; }

    public TransportFault? Tcp { get; init; }

    /// <summary>How long an answer waits before it is sent.</summary>
    public int? AnswerDelayMs { get; init; }

    /// <summary>How long after a change of pods the answers follow; -1: not until this is changed again.</summary>
    public int? PublicationDelayMs { get; init; }

    /// <summary>TTL of the records, instead of the server's.</summary>
    public int? Ttl { get; init; }

    public FaultSpec Over(FaultSpec wider) => new()
    {
        Answer = Answer ?? wider.Answer,
        Udp = Udp ?? wider.Udp,
        Tcp = Tcp ?? wider.Tcp,
        AnswerDelayMs = AnswerDelayMs ?? wider.AnswerDelayMs,
        PublicationDelayMs = PublicationDelayMs ?? wider.PublicationDelayMs,
        Ttl = Ttl ?? wider.Ttl,
    };
}
