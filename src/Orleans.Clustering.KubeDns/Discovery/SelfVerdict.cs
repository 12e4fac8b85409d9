namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>How an answer shows us, or why it does not.</summary>
internal enum SelfStanding
{
    /// <summary>The answer does not tell: it failed, or it is not whole and what there is does not name us.</summary>
    Unknown,

    /// <summary>Our own address under our own name.</summary>
    Listed,

    /// <summary>Others are listed and we are not: KDNS303.</summary>
    NotYetListed,

    /// <summary>Our address under another name: KDNS303b.</summary>
    ListedUnderOtherName,

    /// <summary>Our address and others under one name: KDNS306.</summary>
    DuplicateHostname,

    /// <summary>The service hides its pods behind its own address: KDNS302.</summary>
    NotHeadless,

    /// <summary>No such name, or no such record: KDNS301.</summary>
    NoService,

    /// <summary>Our address with a port on which we do not listen: KDNS314.</summary>
    PortMismatch,
}

/// <summary>
/// What one answer says of us. <paramref name="OwnName"/> is the name under which it lists us, if it does.
/// </summary>
internal sealed record SelfVerdict(SelfStanding Standing, string? OwnName, KdnsError? Error)
{
    public static SelfVerdict Unknown { get; } = new(SelfStanding.Unknown, null, null);

    public bool IsListed => Standing == SelfStanding.Listed;
}
