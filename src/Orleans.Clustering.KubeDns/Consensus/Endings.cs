using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Judges which incarnations have ended (protocol § 7). State kept: the verdicts by rules (a) to (c), which hold until
/// that very incarnation answers again; (d) holds only as long as its evidence does. Invariant kept: nobody is declared
/// ended by silence or by a failed look-up (I5); who is told to stop judges nobody.
/// </summary>
internal sealed class Endings(Local local, Peers peers)
{
    private const long JudgeEvery = 100;
    private const long ReplacementIsAliveFor = 2_000;

    private ImmutableSortedDictionary<Nonce, (EndRule Rule, long At)> _ended =
        ImmutableSortedDictionary<Nonce, (EndRule, long)>.Empty;
    private long _judgeAt;
    private (long Index, object? Ended) _nothingToMark;

    public long NextDue => _judgeAt;

    public bool IsEnded(MemberId member) => _ended.ContainsKey(member.Nonce);

    /// <summary>
    /// By which rule that member counts as ended for a rescue; null: it does not. Its successor's answer proves its end
    /// to those too who judge nobody any more.
    /// </summary>
    public EndRule? RuleFor(MemberId member)
    {
        if (_ended.TryGetValue(member.Nonce, out var verdict)) return verdict.Rule;
        if (peers.IsSuperseded(member)) return EndRule.Superseded;
        return !local.Leaving && IsNotReady(member) ? EndRule.NotReady : null;
    }

    /// <summary>Judges somebody who is neither a voter nor has a row.</summary>
    public void Look(MemberId member)
    {
        if (local.Leaving || local.IsFenced || member == local.Self) return;
        if (_ended.TryGetValue(member.Nonce, out var verdict)) Review(member, verdict.At);
        else if (Judge(member) is { } rule) End(member, rule);
    }

    public void Pump()
    {
        if (local.Now < _judgeAt) return;
        _judgeAt = local.Now + (peers.AnySuspect || local.InDoubt ? JudgeEvery : local.Settings.GreetEvery);
        if (local.State is not { } state || (!local.IsVoter && !local.InDoubt)) return;
        var owners = state.Table.Rows.Values.Where(row => row.State != SiloState.Dead).Select(row => row.Owner);
        foreach (var member in state.Voters.Concat(owners.OfType<MemberId>()).Distinct())
        {
            Look(member);
        }
    }

    /// <summary>The next ended silo whose row does not say so yet.</summary>
    public Command? NextMark()
    {
        if (_ended.IsEmpty || local.Leaving || _nothingToMark == (local.State!.Index, _ended)) return null;
        foreach (var row in local.State.Table.Rows.Values)
        {
            if (row is not { State: not SiloState.Dead, Owner: { } owner }) continue;
            if (_ended.TryGetValue(owner.Nonce, out var verdict))
                return new TableChange(null, new MarkEnded(owner.Nonce, verdict.Rule));
        }

        // Asked at every step: the rows are looked through once for each state, not once for each message.
        _nothingToMark = (local.State.Index, _ended);
        return null;
    }

    private EndRule? Judge(MemberId member)
    {
        if (peers.IsSuperseded(member) || SuccessorOf(member) is not null) return EndRule.Superseded;
        if (local.Settings.TrustConnectionRefused && IsRefused(member)) return EndRule.Refused;
        return IsRemoved(member) ? EndRule.Removed : null;
    }

    // Both witnesses were wrong: a firewall refused for it while it was not ready. Kept, the verdict would hide from us
    // for ever that it works (seed 1016041).
    private void Review(MemberId member, long at)
    {
        if (peers.Of(member) is not { } contact || contact.AnsweredGreet <= at) return;
        _ended = _ended.Remove(member.Nonce);
        local.Trace("MemberLives", $"{member} at {member.Address} answers, and has not ended");
    }

    private void End(MemberId member, EndRule rule)
    {
        _ended = _ended.Add(member.Nonce, (rule, local.Now));
        var contact = peers.At(member.Address);
        var evidence = rule switch
        {
            EndRule.Superseded when !peers.IsSuperseded(member) => $"its name is now {SuccessorOf(member)}",
            EndRule.Superseded when contact is { IsForeign: true } => "its address is another cluster's now",
            EndRule.Superseded => $"its address is now {contact?.Member}",
            EndRule.Refused => $"refused {contact?.RefusedAttempts} attempts since {contact?.RefusedSince}",
            _ => "silent, and gone from the discovery service",
        };
        local.Trace("MemberEnded", $"{member} at {member.Address} by rule {rule}: {evidence}", $"{rule}");
    }

    // Rule (a), second half. The listing must be younger than what we know of this one: a stale answer shows the
    // predecessor of a pod that lives (seeds 82, 129, 159, 242). A name that DNS gave is no pod's own: the same one
    // elsewhere shows nothing, on neither side.
    private MemberId? SuccessorOf(MemberId member)
    {
        if (member.IsNamedByDns) return null;
        if (peers.LastView is not { } view || view.AskedAt - view.Staleness < peers.KnownSince(member)) return null;
        if (peers.Of(member) is { } own && own.AnsweredWithin(ReplacementIsAliveFor, local.Now)) return null;
        var places = view.Listed.Where(listed => listed.Fqdn == member.Fqdn).ToList();
        if (places.Exists(listed => listed.Address == member.Address)) return null;
        return places.Where(listed => IsSuccessor(listed, member))
            .Select(listed => peers.At(listed.Address)!.Member).FirstOrDefault();
    }

    // It began after this one was known. While the API server is cut off from DNS, answers may be older than any bound,
    // and list a predecessor that lives on without its pod (seed 1002729).
    private bool IsSuccessor(ListedPeer listed, MemberId member) =>
        peers.At(listed.Address) is { Member: { IsNamedByDns: false } now } contact
        && now.Fqdn == member.Fqdn
        && now != member
        && contact.BeganAfter(peers.KnownSince(member))
        && contact.AnsweredWithin(ReplacementIsAliveFor, local.Now);

    // Rule (c).
    private bool IsRemoved(MemberId member) =>
        peers.IsUnreachable(member) && IsGone(peers.Discovery, member, local.Settings.RemovedFor);

    // Rule (d). What Kubernetes said before the silence began tells nothing of it.
    private bool IsNotReady(MemberId member) =>
        peers.IsUnreachable(member) && peers.Ready.IsAsOf(peers.LastSignOf(member))
        && IsGone(peers.Ready, member, local.Settings.NotReadyFor);

    private bool IsGone(Listing service, MemberId member, long forMs) =>
        service.IsGone(member.Address, peers.KnownSince(member), forMs);

    // Rule (b). The second witness is Kubernetes, or another member: its report goes back RefusedFor at most, so one
    // asked for that long after our first refusal tells of the time in which we were refused ourselves. That another
    // answered once the series was long enough shows that it is not we who are cut off; were it to be after the last
    // refusal of all, two series in step would keep an ended member for half a minute.
    private bool IsRefused(MemberId member)
    {
        if (peers.Of(member) is not { AnsweredAt: >= 0, RefusedEnoughAt: >= 0 } contact) return false;
        var others = peers.Contacts.Values.Where(other => other.Address != member.Address && IsOurs(other)).ToList();
        var isConnected = others.Any(other => other.AnsweredAt > contact.RefusedEnoughAt)
            || (IsClusterOfTwo(member) && peers.LastView?.AskedAt > contact.RefusedEnoughAt);
        return isConnected && (IsUnreadied(member, contact.RefusedSince)
            || others.Any(other => other.AnsweredGreet >= contact.RefusedSince + local.Settings.RefusedFor
                && other.Reports.Any(report => report.Nonce == member.Nonce && LongEnough(report))));
    }

    // It was ready, and is not any more, now that it refuses: what was before is past (seed 1011927). One that never
    // was may be on its way up (seed 1023).
    private bool IsUnreadied(MemberId member, long refusedSince) =>
        peers.Ready.IsAsOf(refusedSince)
        && peers.Ready.WasListed(member.Address, peers.KnownSince(member))
        && IsGone(peers.Ready, member, local.Settings.RefusedFor);

    private bool IsClusterOfTwo(MemberId other) =>
        peers.Members().All(member => member == local.Self || member == other);

    // We greet our own address too, where a predecessor of ours was a member: we are no witness of ourselves.
    private bool IsOurs(Contact contact) =>
        contact.Member is { } member && member != local.Self && contact.Lineage == local.State!.Lineage;

    private bool LongEnough(Refusal series) =>
        series.ForMs >= local.Settings.RefusedFor && series.Attempts >= local.Settings.RefusedAttempts;
}
