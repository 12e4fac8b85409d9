using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>Which Orleans cluster: its service id and cluster id.</summary>
internal sealed record ClusterKey(string ServiceId, string ClusterId);

/// <summary>
/// The replicated state S_i: what applying commands 1…i to S_0 gives (protocol § 3). Immutable.
/// <c>FormedAt</c> and the founding table version are seconds since 2022-01-01 UTC; <c>VotersAt</c> is the index of the
/// last <see cref="SetVoters"/>, so that a change and its undoing are not mistaken for no change.
/// </summary>
internal sealed record ClusterState(
    ClusterKey Key,
    Guid Lineage,
    Epoch Epoch,
    long Index,
    long FormedAt,
    Sequence<MemberId> Voters,
    long VotersAt,
    TableState Table,
    Recent Recent)
{
    /// <summary>The lineage that this cluster has given way to; empty: none.</summary>
    public Guid YieldsTo { get; init; }

    public TableTag Tag => new(Lineage, Epoch, Table.Version);

    public MemberId Leader => Voters[0];

    public int Majority => (Voters.Count / 2) + 1;

    public bool IsVoter(Nonce nonce)
    {
        foreach (var voter in Voters)
        {
            if (voter.Nonce == nonce) return true;
        }

        return false;
    }

    /// <summary>The state after <paramref name="command"/> in the next slot.</summary>
    public ClusterState Apply(Command command)
    {
        var next = this with { Index = Index + 1, Recent = Remember(command) };
        return command switch
        {
            TableChange change => next with { Table = Table.Apply(change.Change) },
            SetVoters voters => next with { Voters = voters.Voters, VotersAt = next.Index },
            Yield yield => next with { YieldsTo = yield.To },
            NoOp => next,
            _ => throw new ArgumentOutOfRangeException(nameof(command)),
        };
    }

    /// <summary>
    /// The first state of another epoch: this one, with the value in flight, the ended silos' rows Dead, and a version
    /// above any that was ever told.
    /// </summary>
    public ClusterState Rescue(
        Epoch epoch, Command? inFlight, IEnumerable<MemberId> ended, Sequence<MemberId> voters)
    {
        var last = inFlight is null ? this : Apply(inFlight);
        var index = Index + 1;
        return last with
        {
            Epoch = epoch, Index = index, Voters = voters, VotersAt = index, Table = last.Table.Rescue(ended),
        };
    }

    // What a silo asked for is forgotten with its row: else each incarnation that ever was would stay for good.
    private Recent Remember(Command command)
    {
        var recent = Recent;
        if (command is TableChange { Change: Cleanup cleanup })
        {
            foreach (var silo in cleanup.Victims)
            {
                if (Table.Rows.GetValueOrDefault(silo)?.Owner is { } owner) recent = recent.Without(owner.Nonce);
            }
        }

        return command.Id is { } id ? recent.Add(id) : recent;
    }
}

/// <summary>
/// The request ids that were committed, the newest <see cref="Kept"/> of each member: a retry of one of them learns
/// that it was, an older one learns that nobody knows. Only commits are here: a compare-and-swap that lost may be
/// judged again, since it can only lose again.
/// </summary>
internal sealed record Recent(ImmutableSortedDictionary<Nonce, Sequence<long>> Committed)
{
    /// <summary>How many ids are kept of each member.</summary>
    public const int Kept = 16;

    public static readonly Recent Empty = new(ImmutableSortedDictionary<Nonce, Sequence<long>>.Empty);

    public bool Holds(RequestId id) => Committed.TryGetValue(id.By, out var numbers) && numbers.Contains(id.Number);

    /// <summary>Whether the id is so old that it may have been committed and forgotten.</summary>
    public bool MayHaveForgotten(RequestId id) =>
        Committed.TryGetValue(id.By, out var numbers) && numbers.Count == Kept && id.Number < numbers.Min();

    public Recent Add(RequestId id)
    {
        var numbers = Committed.TryGetValue(id.By, out var known) ? known : default;
        var newest = numbers.Append(id.Number).Order().TakeLast(Kept).ToSequence();
        return new Recent(Committed.SetItem(id.By, newest));
    }

    public Recent Without(Nonce member) => new(Committed.Remove(member));
}
