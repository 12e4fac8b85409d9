using Orleans.Clustering.KubeDns.Consensus;
using static Orleans.Clustering.KubeDns.Transport.ConsensusShapes;
using static Orleans.Clustering.KubeDns.Transport.TableShapes;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// The messages on the wire. A new message is one more <c>Kind</c>; a kind's number, and a tag within it, is never used
/// again for something else.
/// </summary>
internal static class MessageShapes
{
    public static readonly Union<Message> Messages = new Union<Message>()
        .Kind<Greet>(1,
            (w, v) => w.Long(1, v.SentAt).Long(2, v.UptimeMs).Long(3, v.Index).Bool(4, v.Leaving)
                .List(5, MemberShape, v.Suspects).Object(6, StandingShape, v.Standing),
            (ref r) => new Greet(r.Long(1), r.Long(2), r.Long(3), r.Bool(4), r.List(5, MemberShape))
            {
                Standing = r.Object(6, StandingShape),
            })
        .Kind<Greeting>(2,
            (w, v) => w.Long(1, v.SentAt).Long(2, v.UptimeMs).Long(3, v.Index).Bool(4, v.Leaving)
                .List(5, RefusalShape, v.Refusals).Object(6, StandingShape, v.Standing).Long(7, v.Clock),
            (ref r) => new Greeting(r.Long(1), r.Long(2), r.Long(3), r.Bool(4), r.List(5, RefusalShape))
            {
                Standing = r.Object(6, StandingShape),
                Clock = r.Long(7),
            })
        .Kind<Superseded>(3, (_, _) => { }, (ref _) => new Superseded())
        .Kind<Foreign>(4, (w, v) => w.Long(1, v.SentAt), (ref r) => new Foreign(r.Long(1)))
        .Kind<Elsewhere>(5, (_, _) => { }, (ref _) => new Elsewhere())
        .Kind<Prepare>(10,
            (w, v) => w.Long(1, v.Slot).Object(2, BallotShape, v.Ballot),
            (ref r) => new Prepare(r.Long(1), r.Object(2, BallotShape)))
        .Kind<Promise>(11,
            (w, v) => w.Long(1, v.Slot).Object(2, BallotShape, v.Ballot).Optional(3, ProposalShape, v.Accepted),
            (ref r) => new Promise(r.Long(1), r.Object(2, BallotShape), r.Optional(3, ProposalShape)))
        .Kind<Accept>(12,
            (w, v) => w.Long(1, v.Slot).Object(2, BallotShape, v.Ballot).Object(3, LogCommands.Shape, v.Command),
            (ref r) => new Accept(r.Long(1), r.Object(2, BallotShape), r.Object(3, LogCommands.Shape)))
        .Kind<Accepted>(13,
            (w, v) => w.Long(1, v.Slot).Object(2, BallotShape, v.Ballot),
            (ref r) => new Accepted(r.Long(1), r.Object(2, BallotShape)))
        .Kind<Refused>(14,
            (w, v) => w.Long(1, v.Slot).Object(2, BallotShape, v.Ballot).Object(3, BallotShape, v.Promised),
            (ref r) => new Refused(r.Long(1), r.Object(2, BallotShape), r.Object(3, BallotShape)))
        .Kind<Behind>(15,
            (w, v) => w.Long(1, v.Slot).Long(2, v.Index),
            (ref r) => new Behind(r.Long(1), r.Long(2)))
        .Kind<Ahead>(16,
            (w, v) => w.Long(1, v.Slot).Object(2, NewsShape, v.News),
            (ref r) => new Ahead(r.Long(1), r.Object(2, NewsShape)))
        .Kind<Decided>(17, (w, v) => w.Object(1, NewsShape, v.News), (ref r) => new Decided(r.Object(1, NewsShape)))
        .Kind<Applied>(18, (w, v) => w.Long(1, v.Index), (ref r) => new Applied(r.Long(1)))
        .Kind<Fetch>(20, (w, v) => w.Long(1, v.Index), (ref r) => new Fetch(r.Long(1)))
        .Kind<Fetched>(21,
            (w, v) => w.Object(1, NewsShape, v.News).Object(2, BeatsShape.Shape, v.Beats),
            (ref r) => new Fetched(r.Object(1, NewsShape), r.Object(2, BeatsShape.Shape)))
        .Kind<Probe>(22, (w, v) => w.Long(1, v.Round), (ref r) => new Probe(r.Long(1)))
        .Kind<Mark>(23,
            (w, v) => w.Long(1, v.Round).Long(2, v.Index).Bool(3, v.HasAccepted),
            (ref r) => new Mark(r.Long(1), r.Long(2), r.Bool(3)))
        .Kind<Submit>(30,
            (w, v) => w.Object(1, RequestShape, v.Id).Object(2, TableCommands.Shape, v.Change)
                .Long(3, v.Index),
            (ref r) => new Submit(r.Object(1, RequestShape), r.Object(2, TableCommands.Shape), r.Long(3)))
        .Kind<Submitted>(31,
            (w, v) => w.Object(1, RequestShape, v.Id).Long(2, (long)v.Answer).Object(3, NewsShape, v.News),
            (ref r) => new Submitted(r.Object(1, RequestShape), r.Enum(2, number => (Answer)number),
                r.Object(3, NewsShape)))
        .Kind<Read>(32,
            (w, v) => w.Object(1, RequestShape, v.Id).Long(2, v.Index).Bool(3, v.MayWrite),
            (ref r) => new Read(r.Object(1, RequestShape), r.Long(2), r.Bool(3)))
        .Kind<ReadDone>(33,
            (w, v) => w.Object(1, RequestShape, v.Id).Long(2, (long)v.Answer).Long(3, v.Index)
                .Object(4, NewsShape, v.News).Object(5, BeatsShape.Shape, v.Beats),
            (ref r) => new ReadDone(r.Object(1, RequestShape), r.Enum(2, number => (Answer)number), r.Long(3),
                r.Object(4, NewsShape), r.Object(5, BeatsShape.Shape)))
        .Kind<Heartbeat>(34,
            (w, v) => w.Object(1, RequestShape, v.Id).Object(2, BeatShape, v.Beat),
            (ref r) => new Heartbeat(r.Object(1, RequestShape), r.Object(2, BeatShape)))
        .Kind<HeartbeatKept>(35,
            (w, v) => w.Object(1, RequestShape, v.Id),
            (ref r) => new HeartbeatKept(r.Object(1, RequestShape)))
        .Kind<FoundPrepare>(40,
            (w, v) => w.Object(1, BallotShape, v.Ballot),
            (ref r) => new FoundPrepare(r.Object(1, BallotShape)))
        .Kind<FoundPromise>(41,
            (w, v) => w.Object(1, BallotShape, v.Ballot).Optional(2, FoundingProposalShape, v.Accepted).Long(3, v.Clock)
                .Long(4, v.Generation),
            (ref r) => new FoundPromise(r.Object(1, BallotShape), r.Optional(2, FoundingProposalShape), r.Long(3),
                r.Int(4)))
        .Kind<FoundAccept>(42,
            (w, v) => w.Object(1, BallotShape, v.Ballot).Object(2, StateShape, v.State),
            (ref r) => new FoundAccept(r.Object(1, BallotShape), r.Object(2, StateShape)))
        .Kind<FoundAccepted>(43,
            (w, v) => w.Object(1, BallotShape, v.Ballot),
            (ref r) => new FoundAccepted(r.Object(1, BallotShape)))
        .Kind<FoundRefused>(44,
            (w, v) => w.Object(1, BallotShape, v.Ballot).Object(2, BallotShape, v.Promised),
            (ref r) => new FoundRefused(r.Object(1, BallotShape), r.Object(2, BallotShape)))
        .Kind<Founded>(45, (w, v) => w.Object(1, StateShape, v.State), (ref r) => new Founded(r.Object(1, StateShape)))
        .Kind<RescuePrepare>(50,
            (w, v) => w.Object(1, EpochShape, v.Epoch).List(2, NonceShape, v.Witnesses),
            (ref r) => new RescuePrepare(r.Object(1, EpochShape), r.List(2, NonceShape)))
        .Kind<RescuePromise>(51,
            (w, v) => w.Object(1, EpochShape, v.Epoch).Object(2, StateShape, v.State)
                .Optional(3, ProposalShape, v.Accepted).Object(4, BeatsShape.Shape, v.Beats),
            (ref r) => new RescuePromise(r.Object(1, EpochShape), r.Object(2, StateShape),
                r.Optional(3, ProposalShape), r.Object(4, BeatsShape.Shape)))
        .Kind<RescueRefused>(52,
            (w, v) => w.Object(1, EpochShape, v.Epoch).Object(2, EpochShape, v.Promised).Text(3, v.Reason),
            (ref r) => new RescueRefused(r.Object(1, EpochShape), r.Object(2, EpochShape), r.Text(3)))
        .Kind<RescueAccept>(53,
            (w, v) => w.Object(1, EpochShape, v.Epoch).Object(2, StateShape, v.State),
            (ref r) => new RescueAccept(r.Object(1, EpochShape), r.Object(2, StateShape)))
        .Kind<RescueAccepted>(54,
            (w, v) => w.Object(1, EpochShape, v.Epoch),
            (ref r) => new RescueAccepted(r.Object(1, EpochShape)))
        .Kind<Rescued>(55, (w, v) => w.Object(1, StateShape, v.State), (ref r) => new Rescued(r.Object(1, StateShape)));

    public static readonly Shape<Envelope> EnvelopeShape = new(
        (w, v) => w.Object(1, KeyShape, v.Key).Object(2, MemberShape, v.From).Nonce(3, v.To).Guid(4, v.Lineage)
            .Object(5, EpochShape, v.Epoch).Object(6, Messages.Shape, v.Body),
        (ref r) => new Envelope(
            r.Object(1, KeyShape), r.Object(2, MemberShape), r.Nonce(3), r.Guid(4),
            r.Object(5, EpochShape), r.Object(6, Messages.Shape)));
}
