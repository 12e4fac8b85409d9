using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using static Orleans.Clustering.KubeDns.Transport.TableShapes;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>The replica's values on the wire.</summary>
internal static class ConsensusShapes
{
    public static readonly Shape<ClusterKey> KeyShape = new(
        (w, v) => w.Text(1, v.ServiceId).Text(2, v.ClusterId),
        (ref r) => new ClusterKey(r.Text(1), r.Text(2)));

    public static readonly Shape<Ballot> BallotShape = new(
        (w, v) => w.Long(1, v.Round).Nonce(2, v.By),
        (ref r) => new Ballot(r.Long(1), r.Nonce(2)));

    public static readonly Shape<RequestId> RequestShape = new(
        (w, v) => w.Nonce(1, v.By).Long(2, v.Number),
        (ref r) => new RequestId(r.Nonce(1), r.Long(2)));

    public static readonly Shape<Beat> BeatShape = new(
        (w, v) => w.Object(1, SiloShape, v.Silo).Long(2, v.Ticks),
        (ref r) => new Beat(r.Object(1, SiloShape), r.Long(2)));

    public static readonly Shape<Refusal> RefusalShape = new(
        (w, v) => w.Nonce(1, v.Nonce).Long(2, v.ForMs).Long(3, v.Attempts),
        (ref r) => new Refusal(r.Nonce(1), r.Long(2), r.Int(3)));

    /// <summary>The commands of the log. A kind's number is never used again for another.</summary>
    public static readonly Union<Command> LogCommands = new Union<Command>()
        .Kind<TableChange>(1,
            (w, v) => w.OptionalValue(1, RequestShape, v.Id).Object(2, TableCommands.Shape, v.Change),
            (ref r) => new TableChange(r.OptionalValue(1, RequestShape), r.Object(2, TableCommands.Shape)))
        .Kind<SetVoters>(2,
            (w, v) => w.List(1, MemberShape, v.Voters),
            (ref r) => new SetVoters(r.List(1, MemberShape)))
        .Kind<NoOp>(3, (_, _) => { }, (ref _) => new NoOp())
        .Kind<Yield>(4, (w, v) => w.Guid(1, v.To), (ref r) => new Yield(r.Guid(1)));

    public static readonly Shape<Standing> StandingShape = new(
        (w, v) => w.Bool(1, v.IsQuorate).Object(2, EpochShape, v.Promised).Long(3, v.FormedAt).Text(4, v.Domain),
        (ref r) => new Standing(r.Bool(1), r.Object(2, EpochShape), r.Long(3), r.Text(4)));

    public static readonly Shape<Proposal> ProposalShape = new(
        (w, v) => w.Object(1, BallotShape, v.Ballot).Object(2, LogCommands.Shape, v.Command),
        (ref r) => new Proposal(r.Object(1, BallotShape), r.Object(2, LogCommands.Shape)));

    private static readonly Shape<KeyValuePair<Nonce, Sequence<long>>> CommittedShape = new(
        (w, v) => w.Nonce(1, v.Key).Longs(2, v.Value),
        (ref r) => new KeyValuePair<Nonce, Sequence<long>>(r.Nonce(1), r.Longs(2)));

    public static readonly Shape<ClusterState> StateShape = new(
        (w, v) => w.Object(1, KeyShape, v.Key).Guid(2, v.Lineage).Object(3, EpochShape, v.Epoch).Long(4, v.Index)
            .Long(5, v.FormedAt).List(6, MemberShape, v.Voters).Long(7, v.VotersAt)
            .Object(8, TableShape, v.Table).List(9, CommittedShape, v.Recent.Committed).Guid(10, v.YieldsTo),
        (ref r) => new ClusterState(
            r.Object(1, KeyShape), r.Guid(2), r.Object(3, EpochShape), r.Long(4),
            r.Long(5), r.List(6, MemberShape), r.Long(7),
            r.Object(8, TableShape), Recent(r.List(9, CommittedShape)))
        {
            YieldsTo = r.Guid(10),
        });

    public static readonly Shape<FoundingProposal> FoundingProposalShape = new(
        (w, v) => w.Object(1, BallotShape, v.Ballot).Object(2, StateShape, v.State),
        (ref r) => new FoundingProposal(r.Object(1, BallotShape), r.Object(2, StateShape)));

    public static readonly Shape<News> NewsShape = new(
        (w, v) => w.Long(1, v.First).List(2, LogCommands.Shape, v.Commands).Optional(3, StateShape, v.Snapshot),
        (ref r) => new News(r.Long(1), r.List(2, LogCommands.Shape), r.Optional(3, StateShape)));

    private static Recent Recent(Sequence<KeyValuePair<Nonce, Sequence<long>>> committed)
    {
        for (var i = 1; i < committed.Count; i++)
        {
            if (committed[i].Key.CompareTo(committed[i - 1].Key) <= 0)
            {
                throw new WireFormatException("Request ids are not in order.");
            }
        }

        return new Recent(committed.ToImmutableSortedDictionary());
    }
}
