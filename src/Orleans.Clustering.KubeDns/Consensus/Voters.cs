using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Keeps the voter set healthy while leading, and hands over when leaving (protocol § 6). State kept: since when each
/// silo is Active, since when this one votes, and when a voter was last lost. Invariants kept: one change at a time,
/// each decided by the voters before it; no set is proposed whose majority does not answer now; nobody votes who is not
/// up to date.
/// </summary>
internal sealed class Voters(Local local, Peers peers, Endings endings)
{
    private const long Fresh = 2_500;
    private const long LookEvery = 200;

    /// <summary>After so long a silence a silo counts as unreachable.</summary>
    private const long AnswersFor = 5_000;

    /// <summary>How long a leaver that votes waits for the answers of those it asked as it became both.</summary>
    private const long AsksFor = 1_000;

    /// <summary>How many commands a candidate may lag: it gets them with the first slot it votes on.</summary>
    private const long MayLag = 16;

    private ImmutableSortedDictionary<Nonce, long> _activeSince = ImmutableSortedDictionary<Nonce, long>.Empty;
    private long _votesSince = -1;
    private long _lostAt = long.MinValue / 2;
    private long _lookAt;

    // What is due but could not be done waits for something else to happen, not for the time.
    public long NextDue =>
        !local.IsVoter ? long.MaxValue : _lookAt > local.Now ? _lookAt : local.Now + LookEvery;

    /// <summary>
    /// Whether a leaver may stop listening: it votes no more and a majority of its successors know it, or nobody is
    /// left that needs the table. Others that leave at the same time need it until their last row is written.
    /// </summary>
    public bool HasHandedOver
    {
        get
        {
            if (local.State is not { } state) return true;
            if (local.IsVoter) return !peers.Members().Any(member => member != local.Self && MayNeedTable(member));
            if (state.Voters.All(HasEnded)) return true;
            var known = state.Voters.Count(voter => peers.Of(voter) is { } contact && contact.Index >= state.VotersAt);
            return known >= state.Majority;
        }
    }

    public void OnCommitted(Committed committed)
    {
        if (!committed.State.IsVoter(local.Self.Nonce)) _votesSince = -1;
        else if (_votesSince < 0) BeginVoting();
        if (committed.Command is null)
        {
            foreach (var row in committed.State.Table.Rows.Values) Note(row);
        }
        else if (committed.Command is TableChange change)
        {
            if (change.Change is InsertRow insert) Note(insert.Row);
            if (change.Change is UpdateRow update) Note(committed.State.Table.Rows[update.Row.Silo]);
        }
        else if (committed.Command is SetVoters && local.IsLeader)
        {
            _lookAt = local.Now;
        }
    }

    /// <summary>Whether this voter is the one to pass over a leader that has ended or long been silent.</summary>
    public bool ShouldTakeOver()
    {
        if (local.State is not { } state || !local.IsVoter || local.IsLeader || local.Leaving) return false;
        if (local.Now < _lookAt) return false;
        _lookAt = local.Now + LookEvery;
        foreach (var voter in state.Voters)
        {
            if (voter == local.Self) return true;
            if (!endings.IsEnded(voter) && !IsSilent(voter) && (voter == state.Leader || Stays(voter))) return false;
        }

        return false;
    }

    /// <summary>The change that the leader should propose now, if any.</summary>
    public Command? Next()
    {
        if (local.Now < _lookAt) return null;
        _lookAt = local.Now + LookEvery;
        var state = local.State!;
        var keep = state.Voters.Where(voter => !MustGo(voter)).ToList();
        if (keep.Count < state.Voters.Count) _lostAt = local.Now;
        var wanted = Fit(keep, Candidates(state));
        if (wanted.Count == 0) wanted = LastOnes(state);
        if (wanted.Count == 0 || !MajorityAnswers(wanted)) return null;
        var next = wanted.ToSequence();
        return next.Equals(state.Voters) ? null : new SetVoters(next);
    }

    private List<MemberId> Fit(List<MemberId> keep, List<MemberId> candidates)
    {
        var live = keep.Concat(LiveOwners()).Distinct().Count(Stays);
        var target = Odd(Math.Min(local.Settings.MaxVoters, Math.Max(1, live)));
        if (keep.Count < target)
        {
            var reach = Math.Min(target, keep.Count + candidates.Count);
            var size = reach % 2 == 1 ? reach : Math.Max(keep.Count, reach - 1);
            return Spread.Grow(keep, candidates, size, DomainOf);
        }

        var isCalm = local.Now >= _lostAt + local.Settings.ShrinkAfterLoss;
        return isCalm ? Spread.Swap(keep.Take(target).ToList(), candidates, DomainOf) : keep;
    }

    private string DomainOf(MemberId member) =>
        member == local.Self ? local.Settings.FailureDomain : peers.Of(member)?.Standing.Domain ?? "";

    // Nobody stays. Who has written its last row gives its vote to those that have not; so the last one decides alone,
    // and none is left behind whose majority has ended.
    private List<MemberId> LastOnes(ClusterState state)
    {
        var needing = peers.Members().Where(NeedsTable).ToList();
        var voting = needing.Where(member => state.IsVoter(member.Nonce)).ToList();
        var last = voting.Count > 0 ? voting : needing.Where(member => IsReady(member, state.Index)).ToList();
        return last.Count == 0 ? last : last.Take(Odd(last.Count)).ToList();
    }

    private List<MemberId> Candidates(ClusterState state) =>
        state.Table.Rows.Values
            .Where(row => row.IsLive && row.Owner is { } owner && !state.IsVoter(owner.Nonce))
            .Where(row => Stays(row.Owner!) && IsReady(row.Owner!, state.Index))
            .OrderBy(row => row.StartTicks).ThenBy(row => row.Owner)
            .Select(row => row.Owner!)
            .ToList();

    // In a hurry, when leaving, any live silo will do that knows the log.
    private bool IsReady(MemberId member, long index)
    {
        if (peers.Of(member) is not { } contact || !contact.AnsweredWithin(Fresh, local.Now)) return false;
        if (contact.Index < index - MayLag) return false;
        // It would take part in nothing, and who waits for its vote could decide nothing any more (seed 11045847).
        if (contact.IsBarredFrom(local.State!.Epoch)) return false;
        if (local.Leaving) return true;
        return _activeSince.TryGetValue(member.Nonce, out var since)
            && local.Now >= since + local.Settings.ActiveBeforeVoting;
    }

    private bool MustGo(MemberId voter) => !Stays(voter) || IsSilent(voter);

    // Neither ended nor on its way out.
    private bool Stays(MemberId member)
    {
        if (IsLeaving(member) || endings.IsEnded(member)) return false;
        return local.State!.Table.RowOf(member) is not { IsLive: false };
    }

    // A learner hardly asks anybody: a leaver that is given the vote does not know yet who needs the table.
    private void BeginVoting()
    {
        _votesSince = local.Now;
        if (local.Leaving) peers.GreetAll();
    }

    // Or who was asked just now and has neither answered nor refused (seed 6045405).
    private bool MayNeedTable(MemberId member) =>
        NeedsTable(member)
        || (!HasEnded(member) && peers.Of(member)?.Refuses != true
            && local.Now < Math.Max(_votesSince, local.LeavingSince) + AsksFor);

    // Whose process answers and has not written its last row. A leaver waits for nobody who is silent: it cannot help.
    private bool NeedsTable(MemberId member) =>
        !HasEnded(member)
        && (member == local.Self || peers.Of(member)?.AnsweredWithin(AnswersFor, local.Now) == true);

    // The row of a leaver may have been cleaned up as soon as it said Dead (seed 5022298).
    private bool HasEnded(MemberId member) =>
        endings.IsEnded(member)
        || (local.State!.Table.RowOf(member) is { } row ? row.State == SiloState.Dead : IsLeaving(member));

    private bool IsLeaving(MemberId member) =>
        member == local.Self ? local.Leaving : peers.Of(member)?.IsLeaving == true;

    // Silent for VoterTimeout while a majority was not: else it may be we who are cut off. Before we voted ourselves we
    // hardly asked, so nobody was silent.
    private bool IsSilent(MemberId voter)
    {
        if (voter == local.Self) return false;
        var since = Math.Max(peers.Of(voter)?.AnsweredAt ?? -1, Math.Max(peers.KnownSince(voter), _votesSince));
        if (since > local.Now - local.Settings.VoterTimeout) return false;
        return MajorityAnswers(local.State!.Voters);
    }

    private bool MajorityAnswers(IReadOnlyList<MemberId> voters) =>
        voters.Count(voter => voter == local.Self || peers.Of(voter)?.AnsweredWithin(Fresh, local.Now) == true)
            >= (voters.Count / 2) + 1;

    private IEnumerable<MemberId> LiveOwners() =>
        local.State!.Table.Rows.Values.Where(row => row.IsLive).Select(row => row.Owner).OfType<MemberId>();

    private void Note(Row row)
    {
        if (row is { State: SiloState.Active, Owner: { } owner } && !_activeSince.ContainsKey(owner.Nonce))
            _activeSince = _activeSince.Add(owner.Nonce, local.Now);
    }

    private static int Odd(int count) => count % 2 == 1 ? count : count - 1;
}
