using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>What the shell tells the machine.</summary>
internal abstract record Input;

/// <summary>Time has passed.</summary>
internal sealed record Tick : Input;

/// <summary>A pod that the discovery service lists: its name (lower case, no trailing dot) and address.</summary>
internal readonly record struct ListedPeer(string Fqdn, PeerAddress Address);

/// <summary>
/// A DNS answer of the discovery service. Only a <c>Complete</c> one may remove anybody; <c>AskedAt</c> is when the
/// question was sent (own clock, ms), <c>Staleness</c> how old the answer may have been then. <c>IsMisnamed</c>: it
/// lists this process in a way that is not its identity (another name, a shared name, another port).
/// </summary>
internal sealed record View(
    long AskedAt, bool Complete, Sequence<ListedPeer> Listed, long Staleness, bool IsMisnamed = false);

internal sealed record Viewed(View View) : Input;

/// <summary>An answer of the ready service, which lists only pods that Kubernetes holds for ready.</summary>
internal sealed record ViewedReady(View View) : Input;

/// <summary>
/// A message arrived. <c>Handle</c> names a request for the shell, so that the reply finds its way; 0 marks a reply.
/// </summary>
internal sealed record Received(long Handle, Envelope Envelope) : Input;

/// <summary>A request of ours got no reply: refused (nothing listens there), or lost for any other reason.</summary>
internal sealed record Undelivered(PeerAddress To, Nonce Nonce, bool WasRefused) : Input;

/// <summary>This silo wants a change of the table. <c>Deadline</c> by its own clock (ms).</summary>
internal sealed record AskWrite(long Ticket, TableCommand Change, long Deadline) : Input;

internal sealed record AskRead(long Ticket, long Deadline, bool MayWrite = false) : Input;

internal sealed record AskBeat(long Ticket, Beat Beat, long Deadline) : Input;

/// <summary>This silo is told to stop: it judges nobody from now on and hands over.</summary>
internal sealed record Leave : Input;

/// <summary>What the machine tells the shell to do.</summary>
internal abstract record Effect;

/// <summary>Send a request (<c>Handle</c> 0), or the reply to the request of that handle.</summary>
internal sealed record Send(PeerAddress To, long Handle, Envelope Envelope) : Effect;

/// <summary>Ask DNS now: the discovery service, and the ready service if there is one.</summary>
internal sealed record LookUp : Effect;

/// <summary>A new state was applied: by one command, or (null) by a snapshot.</summary>
internal sealed record Committed(Command? Command, ClusterState State) : Effect;

/// <summary>A caller's operation ended; null: no decision by its deadline.</summary>
internal sealed record Answered(long Ticket, Answer? Answer) : Effect
{
    /// <summary>How often voters were asked for it.</summary>
    public int Attempts { get; init; }
}

/// <summary>A caller's read: a linearizable state.</summary>
internal sealed record ReadAnswered(long Ticket, ClusterState State) : Effect
{
    /// <summary>How often voters were asked for it.</summary>
    public int Attempts { get; init; }
}

/// <summary>Why this process must end.</summary>
internal enum EndReason : byte
{
    /// <summary>Its cluster gives way to another one (protocol § 8).</summary>
    Yields = 1,

    /// <summary>Its cluster went on in a higher epoch, without it.</summary>
    LeftBehind = 2,

    /// <summary>Kubernetes has deleted its pod, and it reaches no majority.</summary>
    Fenced = 3,
}

/// <summary>End this process: at once, except that one that yields first stops its application.</summary>
internal sealed record EndProcess(EndReason Reason, string Text) : Effect;

/// <summary>
/// A line for log, simulator and scenario alike. <c>Cause</c> is for those who count: one word of few, or empty.
/// </summary>
internal sealed record Trace(string Event, string Text, string Cause = "") : Effect;
