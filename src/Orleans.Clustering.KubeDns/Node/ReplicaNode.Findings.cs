using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Node;

// What makes the silo's status degraded: each with a word for machines and a line for people.
internal sealed partial class ReplicaNode
{
    /// <summary>With fewer silos there is one voter, and its loss stops the table.</summary>
    private const int FewSilos = 3;

    private const long MostSkew = 5;

    // Members come and go, and votes follow within seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Findings _findings;
    private bool _wasListed;

    private List<Finding> Found(NodeVitals vitals, ClusterState? state)
    {
        var found = new List<Finding>();
        if (state is not null && !vitals.HasQuorum && _phase == NodePhase.Joined)
            found.Add(new("no_quorum", "KDNS305: no majority of the voters answers", vitals.WithoutQuorum));
        if (vitals.RescueBlockedBy.Length > 0)
            found.Add(new("rescue_waiting", WaitingForMajority(), vitals.WithoutQuorum));
        found.AddRange(_findings.Lasting);
        foreach (var (subject, text, lasting) in _complaints.All)
        {
            if (subject is "foreign" or "secret" or "version") found.Add(new(KindOf(subject), Line(text), lasting));
        }

        found.AddRange(_settings.Around.Standing.Select(error => new Finding(
            error.Code == "KDNS310" ? "no_ready_service" : "misconfigured", Line(error.Message), TimeSpan.Zero)));
        return found;
    }

    private static string KindOf(string subject) => subject switch
    {
        "foreign" => "foreign_cluster",
        "secret" => "authentication",
        _ => "protocol_version",
    };

    // After each look-up, as the complaints are.
    private void LookAround()
    {
        if (_phase is not (NodePhase.Founding or NodePhase.Joined)) return;
        _findings.Note("dns_failing", _dnsFailure.Length > 0 ? _dnsFailure : null, Patience);
        NoteListing();
        NoteSkew();
        if (_replica.State is { } state) NoteVoters(state);
    }

    private void NoteListing()
    {
        if (_replica.LastView is not { } view) return;
        var isListed = IsListed(view);
        if (isListed && !_wasListed) LogChange("SelfListed", $"DNS lists {Self.Fqdn} at {Self.Address}");
        _wasListed = isListed;
        var unlisted = isListed ? null
            : $"{_settings.Around.Service.SrvName} does not list {Self.Address}: new silos cannot find this one";
        if (_findings.Note("self_unlisted", unlisted, Patience)) LogWarning("SelfUnlisted", unlisted!);
    }

    private void NoteSkew()
    {
        var now = Now();
        var skewed = _replica.Contacts.Values
            .Where(contact => contact.AnsweredWithin(StillSeenFor, now) && Math.Abs(contact.ClockAhead) > MostSkew)
            .Select(contact => $"{contact.Member?.Fqdn}'s is {Math.Abs(contact.ClockAhead)} s "
                + (contact.ClockAhead > 0 ? "ahead" : "behind"))
            .Take(5).ToList();
        var text = skewed.Count == 0 ? null
            : $"clocks differ: {string.Join(", ", skewed)}; Orleans' own timestamps are off by as much";
        if (_findings.Note("clock_skew", text, TimeSpan.Zero)) LogWarning("ClockSkew", text!);
    }

    private void NoteVoters(ClusterState state)
    {
        var (living, voters, now) = (Living(state), state.Voters, Now());
        var active = state.Table.Rows.Values.Count(row => row.State == SiloState.Active);
        var most = Math.Min(_settings.Around.MaxVoters, active);
        var wanted = most % 2 == 1 ? most : most - 1;
        Note("few_silos", active < FewSilos, $"{active} silo(s) are Active: a majority needs {FewSilos}");
        Note("few_voters", voters.Count < wanted, $"{voters.Count} silo(s) vote where {wanted} could");
        var away = voters.Where(voter => !IsReachable(voter, state, now)).Select(voter => voter.Fqdn).ToList();
        Note("voters_unreachable", away.Count > 0, $"{away.Count} voter(s) do not answer: {string.Join(", ", away)}");
        var (held, known) = (Domains(voters), Domains(living));
        Note("voters_crowded", held < Math.Min(known, voters.Count),
            $"the voters stand in {held} failure domain(s), the silos in {known}");
        var domain = DomainOf(voters[0]);
        var isOne = voters.Count > 1 && domain.Length > 0 && voters.All(voter => DomainOf(voter) == domain);
        var text = $"all {voters.Count} voters stand in {domain}: its loss would stop the membership table";
        if (_findings.Note("one_failure_domain", isOne ? text : null, Patience)) LogWarning("VotersInOneDomain", text);
    }

    private void Note(string kind, bool holds, string text) => _findings.Note(kind, holds ? text : null, Patience);

    private static string Line(string text) => text.Split('\n')[0];
}
