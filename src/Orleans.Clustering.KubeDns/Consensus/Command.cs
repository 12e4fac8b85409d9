using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>Names one operation of one member, so that a retry through another voter is known for what it is.</summary>
internal readonly record struct RequestId(Nonce By, long Number)
{
    public override string ToString() => $"{By.ToString()[..6]}#{Number}";
}

/// <summary>What one slot of the log holds. <c>Id</c> is null for what no caller asked for.</summary>
internal abstract record Command(RequestId? Id);

/// <summary>A change of the table.</summary>
internal sealed record TableChange(RequestId? Id, TableCommand Change) : Command(Id);

/// <summary>Another list of voters, the leader first, from the next slot on.</summary>
internal sealed record SetVoters(Sequence<MemberId> Voters) : Command((RequestId?)null);

/// <summary>Fills a slot that somebody had to finish with nothing to say.</summary>
internal sealed record NoOp() : Command((RequestId?)null);

/// <summary>This cluster gives way to the one of lineage <paramref name="To"/> (protocol § 8).</summary>
internal sealed record Yield(Guid To) : Command((RequestId?)null);
