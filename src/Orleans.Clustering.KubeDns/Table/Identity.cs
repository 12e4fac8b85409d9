namespace Orleans.Clustering.KubeDns.Table;

/// <summary>A random 128-bit number drawn by one process at its start: the identity of one incarnation.</summary>
internal readonly record struct Nonce(UInt128 Value) : IComparable<Nonce>
{
    public bool IsNone => Value == 0;

    public int CompareTo(Nonce other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString("x32");
}

/// <summary>Where a process listens for its peers. <c>Host</c> is an IP literal in its canonical text form.</summary>
internal readonly record struct PeerAddress(string Host, int Port) : IComparable<PeerAddress>
{
    public int CompareTo(PeerAddress other)
    {
        var byHost = string.CompareOrdinal(Host, other.Host);
        return byHost != 0 ? byHost : Port.CompareTo(other.Port);
    }

    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}

/// <summary>Orleans' silo address in plain values: IP literal, port, and seconds since 2022-01-01 UTC.</summary>
internal readonly record struct SiloId(string Host, int Port, int Generation) : IComparable<SiloId>
{
    public int CompareTo(SiloId other)
    {
        var byHost = string.CompareOrdinal(Host, other.Host);
        if (byHost != 0) return byHost;
        var byPort = Port.CompareTo(other.Port);
        return byPort != 0 ? byPort : Generation.CompareTo(other.Generation);
    }

    public override string ToString() => $"{Host}:{Port}@{Generation}";
}

/// <summary>
/// One incarnation of one silo process. Two are equal when their nonces are: names and addresses are reused by later
/// processes, nonces never.
/// </summary>
internal sealed record MemberId(string Fqdn, PeerAddress Address, SiloId Silo, Nonce Nonce) : IComparable<MemberId>
{
    /// <summary>
    /// Its name is the one by which DNS listed its address, not the host's own: for people and for the order, and proof
    /// of nothing, since DNS may list that address by another name tomorrow, or an earlier pod's.
    /// </summary>
    public bool IsNamedByDns { get; init; }

    /// <summary>Whether a listing of its address under that name is in order.</summary>
    public bool MayBeListedAs(string fqdn) => IsNamedByDns || fqdn == Fqdn;

    public bool Equals(MemberId? other) => other is not null && other.Nonce == Nonce;

    public override int GetHashCode() => Nonce.GetHashCode();

    /// <summary>Orders by name, then nonce: the order in which the protocol breaks ties.</summary>
    public int CompareTo(MemberId? other)
    {
        if (other is null) return 1;
        var byName = string.CompareOrdinal(Fqdn, other.Fqdn);
        return byName != 0 ? byName : Nonce.CompareTo(other.Nonce);
    }

    public override string ToString() => $"{Fqdn.Split('.')[0]}/{Nonce.ToString()[..6]}";
}

/// <summary>Names one life of the log: 1 at founding, higher at each rescue, with the nonce of who began it.</summary>
internal readonly record struct Epoch(int Number, Nonce By) : IComparable<Epoch>
{
    public int CompareTo(Epoch other)
    {
        var byNumber = Number.CompareTo(other.Number);
        return byNumber != 0 ? byNumber : By.CompareTo(other.By);
    }

    public override string ToString() => $"{Number}-{By.ToString()[..6]}";
}
