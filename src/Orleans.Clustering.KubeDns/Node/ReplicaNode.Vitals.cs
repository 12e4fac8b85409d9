using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Node;

// The numbers of the status. What the machine holds are immutable values, so any thread may look.
internal sealed partial class ReplicaNode
{
    private static readonly TimeSpan TrackEvery = TimeSpan.FromMilliseconds(200);

    private long _trackedAt;
    private long _quorumAt;
    private long _joinedAt = -1;

    private NodeVitals Measure()
    {
        var (state, now) = (_replica.State, Now());
        var hasQuorum = HasQuorum(state) && _time.GetElapsedTime(_steppedAt).TotalMilliseconds < AnswersFor;
        var view = _replica.LastView;
        return new NodeVitals
        {
            HasQuorum = hasQuorum,
            WithoutQuorum = hasQuorum || state is null ? TimeSpan.Zero : _time.GetElapsedTime(_quorumAt),
            VotersReachable = state?.Voters.Count(voter => IsReachable(voter, state, now)) ?? 0,
            VoterDomains = state is null ? 0 : Domains(state.Voters),
            Learners = state is null ? 0 : Living(state).Count(member => !state.IsVoter(member.Nonce)),
            Listed = Listed(view, _replica.LastReady),
            IsSelfListed = view is not null && IsListed(view),
            AnswerAge = view is null ? null : TimeSpan.FromMilliseconds(now - view.AskedAt),
            FoundingWait = _time.GetElapsedTime(_origin, _joinedAt < 0 ? _time.GetTimestamp() : _joinedAt),
            RescueBlockedBy = state is null || _replica.LostSince < 0 ? ""
                : _settings.Around.MayRescue ? _replica.RescueBlockedBy : "policy",
        };
    }

    // Not at every step: there may be thousands a second.
    private void Track()
    {
        if (_time.GetElapsedTime(_trackedAt, _steppedAt) < TrackEvery) return;
        _trackedAt = _steppedAt;
        if (HasQuorum(_replica.State)) _quorumAt = _steppedAt;
    }

    private void NoteJoined()
    {
        if (_joinedAt >= 0) return;
        _joinedAt = _time.GetTimestamp();
        _quorumAt = _joinedAt;
    }

    // A learner greets no voter while it hears from the leader: it does not see a majority, it only misses none.
    private bool HasQuorum(ClusterState? state) =>
        state is not null && (state.IsVoter(Self.Nonce) ? _replica.HasMajority : _replica.LostSince < 0);

    private bool IsReachable(MemberId voter, ClusterState state, long now)
    {
        if (voter == Self) return true;
        if (_replica.Contacts.GetValueOrDefault(voter.Address) is not { IsForeign: false } contact) return false;
        return state.IsVoter(Self.Nonce) ? Answers(contact, now) : contact.FailedAttempts == 0;
    }

    private int Domains(IEnumerable<MemberId> members) =>
        members.Select(DomainOf).Where(domain => domain.Length > 0).Distinct().Count();

    private string DomainOf(MemberId member) =>
        member == Self ? _settings.Around.FailureDomain
        : _replica.Contacts.GetValueOrDefault(member.Address) is { } contact && contact.Member == member
            ? contact.Standing.Domain
            : "";

    private static List<MemberId> Living(ClusterState state) =>
        [.. state.Table.Rows.Values.Where(row => row.IsLive).Select(row => row.Owner).OfType<MemberId>()];

    private bool IsListed(View view) => view.Listed.Any(listed => listed.Address == Self.Address);

    private Dictionary<string, int> Listed(View? discovery, View? ready)
    {
        var listed = new Dictionary<string, int>();
        if (discovery is not null) listed[_settings.Around.Service.Service.Service] = discovery.Listed.Count;
        if (ready is not null) listed[_settings.Around.ReadyService] = ready.Listed.Count;
        return listed;
    }
}
