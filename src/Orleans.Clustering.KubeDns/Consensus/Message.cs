using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// What every message carries: the cluster, the sender, the incarnation it is meant for (none: whoever listens there),
/// and the sender's lineage and epoch (empty while it has none).
/// </summary>
internal sealed record Envelope(
    ClusterKey Key, MemberId From, Nonce To, Guid Lineage, Epoch Epoch, Message Body);

/// <summary>One protocol message. A request is answered by at most one reply.</summary>
internal abstract record Message;

/// <summary>
/// Asks who listens there, and invites it. <c>SentAt</c> is the sender's own clock (ms) and comes back in the reply.
/// <c>Suspects</c> are incarnations that refused the sender: the receiver looks for itself and reports.
/// </summary>
internal sealed record Greet(
    long SentAt, long UptimeMs, long Index, bool Leaving, Sequence<MemberId> Suspects) : Message
{
    public Standing Standing { get; init; } = Standing.None;
}

/// <summary>
/// What a member tells of its cluster with every greeting: whether it sees a majority of the voters itself, the highest
/// epoch it promised to a rescuer, when its cluster was formed, and where it runs.
/// </summary>
internal sealed record Standing(bool IsQuorate, Epoch Promised, long FormedAt, string Domain)
{
    public static readonly Standing None = new(false, default, 0, "");

    /// <summary>Its cluster gives way to another: nobody should join it any more.</summary>
    public bool Yields { get; init; }
}

/// <summary>An address that refused the sender's every attempt since its last answer.</summary>
internal readonly record struct Refusal(Nonce Nonce, long ForMs, int Attempts);

/// <summary>The reply to a greeting: who listens, since when (ms), how far its log goes, who refuses it.</summary>
internal sealed record Greeting(
    long SentAt, long UptimeMs, long Index, bool Leaving, Sequence<Refusal> Refusals) : Message
{
    public Standing Standing { get; init; } = Standing.None;

    /// <summary>
    /// What the sender's wall clock shows, for people: seconds since 2022-01-01 UTC, 0: it does not say.
    /// </summary>
    public long Clock { get; init; }

    /// <summary>
    /// By how many seconds that clock is ahead of ours. It was read on the way there and back: what that took is not
    /// held against it.
    /// </summary>
    public long ClockAhead(long now, long wall)
    {
        if (Clock == 0) return 0;
        var ahead = Clock - wall;
        return ahead < 0 ? Math.Min(0, ahead + ((now - SentAt + 999) / 1_000)) : ahead;
    }
}

/// <summary>The request was meant for an earlier incarnation; the envelope's sender is the one that lives.</summary>
internal sealed record Superseded : Message;

/// <summary>
/// The request came from another cluster; the envelope tells which one this is. <c>SentAt</c> as in the greeting it
/// answers; 0 for any other request.
/// </summary>
internal sealed record Foreign(long SentAt = 0) : Message;

/// <summary>The request named another lineage or epoch than the receiver's, which the envelope tells.</summary>
internal sealed record Elsewhere : Message;

/// <summary>Phase 1 of a slot.</summary>
internal sealed record Prepare(long Slot, Ballot Ballot) : Message;

/// <summary>A value that an acceptor accepted at a ballot.</summary>
internal sealed record Proposal(Ballot Ballot, Command Command);

internal sealed record Promise(long Slot, Ballot Ballot, Proposal? Accepted) : Message;

/// <summary>Phase 2 of a slot.</summary>
internal sealed record Accept(long Slot, Ballot Ballot, Command Command) : Message;

internal sealed record Accepted(long Slot, Ballot Ballot) : Message;

/// <summary>The acceptor promised a higher ballot.</summary>
internal sealed record Refused(long Slot, Ballot Ballot, Ballot Promised) : Message;

/// <summary>The acceptor has not applied the slot before: it has applied <c>Index</c>.</summary>
internal sealed record Behind(long Slot, long Index) : Message;

/// <summary>
/// Decided commands from slot <c>First</c> on, or, where those are no longer kept, the whole state.
/// Only what is decided is ever in here.
/// </summary>
internal sealed record News(long First, Sequence<Command> Commands, ClusterState? Snapshot)
{
    public static readonly News None = new(0, default, null);

    /// <summary>The last index that the commands reach.</summary>
    public long Last => First + Commands.Count - 1;
}

/// <summary>A voter's heartbeat knowledge, handed on with a snapshot or a read: silo and UTC ticks.</summary>
internal readonly record struct Beat(SiloId Silo, long Ticks);

/// <summary>The acceptor has applied that slot already.</summary>
internal sealed record Ahead(long Slot, News News) : Message;

/// <summary>Tells what was decided. Answered by <see cref="Applied"/>.</summary>
internal sealed record Decided(News News) : Message;

internal sealed record Applied(long Index) : Message;

/// <summary>Asks for what was decided after <c>Index</c> (−1: everything).</summary>
internal sealed record Fetch(long Index) : Message;

internal sealed record Fetched(News News, Sequence<Beat> Beats) : Message;

/// <summary>A read round's question to a voter.</summary>
internal sealed record Probe(long Round) : Message;

/// <summary>A voter's answer to a read round: its decided index, and whether it accepted a value beyond it.</summary>
internal sealed record Mark(long Round, long Index, bool HasAccepted) : Message;

/// <summary>Asks a voter to commit an operation. <c>Index</c> is how far the asker's own log goes.</summary>
internal sealed record Submit(RequestId Id, TableCommand Change, long Index) : Message;

/// <summary>How an operation ended.</summary>
internal enum Answer : byte
{
    /// <summary>Committed.</summary>
    Done = 1,

    /// <summary>A compare-and-swap that lost.</summary>
    Lost = 2,

    /// <summary>Not known any more; never run again.</summary>
    Unknown = 3,

    /// <summary>Not served here now: ask another voter.</summary>
    Elsewhere = 4,
}

/// <summary>The outcome, and the decided commands behind it, to be installed before it is reported.</summary>
internal sealed record Submitted(RequestId Id, Answer Answer, News News) : Message;

/// <summary>Asks a voter for a linearizable read.</summary>
internal sealed record Read(RequestId Id, long Index, bool MayWrite = false) : Message;

internal sealed record ReadDone(RequestId Id, Answer Answer, long Index, News News, Sequence<Beat> Beats) : Message;

/// <summary>A silo's sign of life, sent to every voter (UTC ticks).</summary>
internal sealed record Heartbeat(RequestId Id, Beat Beat) : Message;

internal sealed record HeartbeatKept(RequestId Id) : Message;

/// <summary>Phase 1 of founding (protocol § 5).</summary>
internal sealed record FoundPrepare(Ballot Ballot) : Message;

/// <summary>A first state accepted at a founding ballot.</summary>
internal sealed record FoundingProposal(Ballot Ballot, ClusterState State);

/// <summary>
/// A witness' promise: what it accepted, its clock (seconds since 2022-01-01 UTC) and its silo's generation.
/// </summary>
internal sealed record FoundPromise(
    Ballot Ballot, FoundingProposal? Accepted, long Clock, int Generation) : Message;

internal sealed record FoundAccept(Ballot Ballot, ClusterState State) : Message;

internal sealed record FoundAccepted(Ballot Ballot) : Message;

internal sealed record FoundRefused(Ballot Ballot, Ballot Promised) : Message;

/// <summary>The founding stands: whoever accepted it has a lineage now. Answered by <see cref="Applied"/>.</summary>
internal sealed record Founded(ClusterState State) : Message;

/// <summary>
/// Phase 1 of a rescue (protocol § 7): asks those named, all that answer, to leave every lower epoch for good.
/// </summary>
internal sealed record RescuePrepare(Epoch Epoch, Sequence<Nonce> Witnesses) : Message;

/// <summary>A witness' promise: what it knows to be decided, and what it accepted for the slot after that.</summary>
internal sealed record RescuePromise(
    Epoch Epoch, ClusterState State, Proposal? Accepted, Sequence<Beat> Beats) : Message;

/// <summary>A veto, or a higher promise; <c>Reason</c> is for people.</summary>
internal sealed record RescueRefused(Epoch Epoch, Epoch Promised, string Reason) : Message;

/// <summary>Phase 2: the state that the new epoch begins with.</summary>
internal sealed record RescueAccept(Epoch Epoch, ClusterState State) : Message;

internal sealed record RescueAccepted(Epoch Epoch) : Message;

/// <summary>All accepted: the new epoch stands. Answered by <see cref="Applied"/>.</summary>
internal sealed record Rescued(ClusterState State) : Message;
