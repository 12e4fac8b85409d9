using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// A proposal's number, ordered by round, then by the proposer's nonce (Lamport, <i>Paxos Made Simple</i>). Round 0 of
/// a slot belongs to its leader alone; <see cref="None"/> is below every ballot.
/// </summary>
internal readonly record struct Ballot(long Round, Nonce By) : IComparable<Ballot>
{
    public static readonly Ballot None = new(-1, default);

    public int CompareTo(Ballot other)
    {
        var byRound = Round.CompareTo(other.Round);
        return byRound != 0 ? byRound : By.CompareTo(other.By);
    }

    public static bool operator >(Ballot left, Ballot right) => left.CompareTo(right) > 0;

    public static bool operator <(Ballot left, Ballot right) => left.CompareTo(right) < 0;

    public static bool operator >=(Ballot left, Ballot right) => left.CompareTo(right) >= 0;

    public static bool operator <=(Ballot left, Ballot right) => left.CompareTo(right) <= 0;

    public override string ToString() => $"{Round}/{By.ToString()[..6]}";
}
