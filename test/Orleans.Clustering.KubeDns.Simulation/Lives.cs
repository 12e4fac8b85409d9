using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Who founds, who votes, and who is declared ended, held against the truth about the world: one founder (I3), no
/// votes of the dead (I4), no verdict on somebody that lives (I5), except where § 10 says so of that very process.
/// </summary>
internal sealed class Lives(World world)
{
    /// <summary>Within so long of passing somebody over an attempt to found has come to its end (ms).</summary>
    private const long AttemptTakes = 4_000;

    /// <summary>How long after an answer was given it may still be the newest that somebody has (ms).</summary>
    private const long AnswerIsUsed = 10_000;

    /// <summary>How long a series of refusals lasts on in what others report (ms).</summary>
    private const long RefusalIsUsed = 4_000;

    private readonly Dictionary<Nonce, int> _voted = [];
    private readonly Dictionary<SimProcess, long> _passedOver = [];
    private readonly Dictionary<SimProcess, long> _invitedAt = [];
    private readonly Dictionary<Guid, SimProcess> _founders = [];
    private readonly HashSet<Guid> _excused = [];
    private readonly HashSet<Nonce> _ended = [];
    private readonly HashSet<Nonce> _joined = [];
    private readonly Dictionary<(Nonce Observer, string Member), long> _verdicts = [];

    /// <summary>Whether this process was declared ended, as the evidence had it, though it lives.</summary>
    public bool IsHeldForEnded(SimProcess process) => _ended.Contains(process.Self.Nonce);

    /// <summary>When that process declared that member ended; −1: it did not.</summary>
    public long EndedAt(SimProcess observer, MemberId member) =>
        _verdicts.GetValueOrDefault((observer.Self.Nonce, $"{member} at {member.Address}"), -1);

    /// <summary>What a greeting proved, a late reply of somebody who ended earlier must not undo (§ 2).</summary>
    public void OnGreeted(SimProcess process, MemberId? before, PeerAddress address)
    {
        var now = process.Replica.Contacts.GetValueOrDefault(address)?.Member;
        if (before is null || now is null || now == before) return;
        Checkers.Require(world.ProcessOf(now.Nonce)!.Number > world.ProcessOf(before.Nonce)!.Number, "I4",
            $"{process} takes {now} at {address} for younger than {before}");
    }

    /// <summary>Nobody joins a lineage that gives way (§ 8): else its silos restart into it without end.</summary>
    public void OnCommitted(SimProcess process, ClusterState state) =>
        Checkers.Require(!_joined.Add(process.Self.Nonce) || state.YieldsTo == Guid.Empty, "I7",
            $"{process} joins {state.Lineage}, which gives way to {state.YieldsTo}");

    /// <summary>It says that it is needed no more: a majority of its successors must know that they vote.</summary>
    public void OnHandedOver(SimProcess process)
    {
        if (process.Replica.State is not { } state || state.IsVoter(process.Self.Nonce)) return;
        var knowing = state.Voters.Count(voter => world.ProcessOf(voter.Nonce) is not { IsAlive: true } successor
            || IsHeldForEnded(successor) || Knows(successor.Replica.State, state));
        var areAllDead = state.Voters.All(voter => state.Table.RowOf(voter) is { State: SiloState.Dead });
        Checkers.Require(knowing >= state.Majority || areAllDead, "I8",
            $"{process} stops, and only {knowing} of {state.Voters} know that they vote");
    }

    private static bool Knows(ClusterState? theirs, ClusterState state) =>
        theirs is not null && (theirs.Lineage != state.Lineage
            || (theirs.Epoch, theirs.Index).CompareTo((state.Epoch, state.VotersAt)) >= 0);

    /// <summary>A vote must come from the process whose nonce it bears, and no two processes may bear one.</summary>
    public void OnSent(SimProcess process, Envelope envelope)
    {
        if (!IsVote(envelope.Body)) return;
        Checkers.Require(process.IsAlive, "I4", $"{process} votes and is dead");
        if (!_voted.TryGetValue(envelope.From.Nonce, out var number))
            _voted[envelope.From.Nonce] = process.Number;
        else
            Checkers.Require(number == process.Number, "I4", $"{process} votes as an earlier process did");
    }

    public void OnTrace(SimProcess process, Trace trace)
    {
        if (trace.Event == "PassedOver") OnPassedOver(process, trace.Text);
        if (trace.Event == "Joined" && !trace.Text.EndsWith("as witness", StringComparison.Ordinal))
            _invitedAt[process] = world.Now;
        if (Coverage.RuleOf(trace) is { } rule) OnEnded(process, rule, trace.Text);
        if (trace.Event == "MemberLives") _verdicts.Remove((process.Self.Nonce, Until(" answers", trace.Text)));
    }

    /// <summary>A new lineage begins: nobody may live in another that its founder could have found.</summary>
    public void OnFounded(SimProcess founder, Guid lineage)
    {
        _founders.TryAdd(lineage, founder);
        var others = world.Alive.Where(process => process != founder
            && process.Replica.State is { } state && state.Lineage != lineage).ToList();
        if (others.Count == 0) return;
        var hasPassedOver = _passedOver.TryGetValue(founder, out var at) && world.Now <= at + AttemptTakes;
        var missed = hasPassedOver ? null : others.Find(other => !CouldNotBeSeen(founder, other));
        Checkers.Require(missed is null, "I3",
            $"{founder} founds {lineage}, and {missed} lives in {missed?.Replica.State!.Lineage}");
        _excused.Add(lineage);
    }

    /// <summary>
    /// Whether this is the first state of a lineage whose founder ended before anybody joined: a witness had accepted
    /// it, and it is founded once more. What held for the first founder need not hold for this one (seed 10033932).
    /// </summary>
    public bool IsRevived(SimProcess process, ClusterState state) => state.Index == 0
        && !world.Alive.Any(other => other != process && other.Replica.State?.Lineage == state.Lineage);

    /// <summary>No lineage comes back from the dead beside another.</summary>
    public void RequireOneLineage(IReadOnlyList<SimProcess> alive)
    {
        Guid? found = null;
        foreach (var process in alive)
        {
            if (process.Replica.State is not { Lineage: var lineage } || _excused.Contains(lineage)) continue;
            Checkers.Require(found is null || found == lineage, "I3", $"two lineages live: {found} and {lineage}");
            found = lineage;
        }
    }

    /// <summary>
    /// Whether Kubernetes told in its answers, lately, that this pod is not ready, or gone: then it may be left behind.
    /// </summary>
    public bool MayBeGivenUp(SimProcess process)
    {
        var since = world.Now - AnswerIsUsed - world.Plan.ReadyStaleness - world.Plan.SlowTail;
        if (world.Plan.DnsOutageEvery > 0) since -= Faults.DnsDownFor;
        return process.Pod.IsDeleted || IsHeldForEnded(process)
            || (world.Plan.HasReady && world.Ready.WasUnlisted(process.Pod.Address, since));
    }

    // Forked off, or it joined those that were; or (§ 10) it joined before any answer that the founder may have had
    // could list it, or it is listed no more; or it was invited while the attempt was under way (seed 1020907).
    private bool CouldNotBeSeen(SimProcess founder, SimProcess other) =>
        (_invitedAt.TryGetValue(other, out var at) && world.Now <= at + AttemptTakes)
        || WereForked(founder, other) || WereForked(founder, _founders[other.Replica.State!.Lineage])
        || !world.Dns.IsPublished(other.Pod.Address, founder.StartedAt)
        || !world.Dns.IsPublished(other.Pod.Address);

    private bool WereForked(SimProcess founder, SimProcess other) =>
        world.Dns.WereForked(founder.Pod.Address, other.Pod.Address, founder.StartedAt);

    // The rules that excuse a second lineage take their time; a founder younger than that cannot have waited it out.
    private void OnPassedOver(SimProcess process, string text)
    {
        var least = text.EndsWith("(refuses)", StringComparison.Ordinal) ? 10_000 : 30_000;
        Checkers.Require(world.Now - process.StartedAt >= least, "I3", $"{process} passed over too early: {text}");
        _passedOver[process] = world.Now;
    }

    private void OnEnded(SimProcess process, EndRule rule, string text)
    {
        _verdicts[(process.Self.Nonce, Until(" by rule ", text))] = world.Now;
        var living = world.Alive.FirstOrDefault(
            other => text.StartsWith(other.Self.ToString(), StringComparison.Ordinal));
        if (living is null) return;
        Checkers.Require(Holds(rule, process, living), "I5", $"{process} declared {living} ended, which lives: {text}");
        _ended.Add(living.Self.Nonce);
        world.Say(living, $"HeldFor{rule}", $"by {process}");
    }

    // What Kubernetes itself said of a process that lives: its pod was replaced (a) or deleted (c); or (b) a firewall
    // refused on its behalf while it was not ready.
    private bool Holds(EndRule rule, SimProcess observer, SimProcess living) => rule switch
    {
        EndRule.Superseded => living.Pod.IsForgotten,
        EndRule.Removed => living.Pod.IsDeleted
            || world.Dns.WasUnlisted(living.Pod.Address, world.Now - AnswerIsUsed - world.Plan.Staleness),
        _ => world.Now <= world.Network.RejectedAt(observer.Pod.Address, living.Pod.Address) + RefusalIsUsed
            && MayBeGivenUp(living),
    };

    private static string Until(string mark, string text) => text[..text.IndexOf(mark, StringComparison.Ordinal)];

    private static bool IsVote(Message body) => body is Promise or Accepted or FoundPromise or FoundAccepted
        or RescuePromise or RescueAccepted;
}
