using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// What a rescuer must see before it may begin (protocol § 7, 1). State kept: since when each piece holds without a
/// break. Invariant kept: a look-up younger than all of it, by the staleness, shows nobody else: whoever learned from
/// the last voters is in the rescue.
/// </summary>
internal sealed class Evidence(Local local, Peers peers, Endings endings)
{
    private ImmutableSortedDictionary<string, long> _since = ImmutableSortedDictionary<string, long>.Empty;
    private ImmutableSortedDictionary<string, long> _now = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>What was found, for people.</summary>
    public string Told => string.Join(", ", _since.Keys);

    /// <summary>What was missing the last time, in one word of few; empty: nothing.</summary>
    public string Lacks { get; private set; } = "";

    /// <summary>Nothing was missing the last time but a DNS answer that is young enough.</summary>
    public bool IsOld { get; private set; }

    public void Forget() => _since = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>For whom and for which evidence a rescue waits; empty: for nothing, and these take part.</summary>
    public string Missing(IEnumerable<MemberId> known, out Sequence<MemberId> witnesses)
    {
        _now = ImmutableSortedDictionary<string, long>.Empty;
        (witnesses, Lacks) = (default, "");
        var missing = MissingOf(known.Where(member => member != local.Self).ToList());
        _since = _now;
        IsOld = false;
        if (missing.Length > 0) return missing;
        if (peers.LastView is not { } view) return Lacking("dns_answer", "a first DNS answer");
        var newest = _since.IsEmpty ? -1 : _since.Values.Max();
        if (MayHaveJoined(newest) is { } newcomer)
        {
            peers.GreetSoon(newcomer.Address);
            return Lacking("newcomer", $"{newcomer} at {newcomer.Address} to tell whether it has joined by now");
        }

        IsOld = view.AskedAt < newest + view.Staleness;
        if (IsOld) return Lacking("young_dns_answer", "a DNS answer that cannot hide anybody who may know more");
        witnesses = peers.Contacts.Values
            .Where(contact => contact.Lineage == local.State!.Lineage && Answers(contact))
            .Select(contact => contact.Member!).Append(local.Self).Distinct().Order().ToSequence();
        return "";
    }

    // It had no lineage when it answered. From those who have ended since it may have one, and know more than we do
    // (seed 4013922); what it answers to a greeting from now on shows that it has not, or that it is a witness.
    private MemberId? MayHaveJoined(long newest) => peers.Contacts.Values
        .FirstOrDefault(contact => Answers(contact) && !contact.HasLineage && contact.AnsweredGreet < newest)?.Member;

    private string MissingOf(List<MemberId> known)
    {
        var addresses = known.Select(member => member.Address).Append(local.Self.Address).ToImmutableHashSet();
        var occupants = addresses.Select(peers.At).OfType<Contact>().Where(contact => !contact.IsForeign)
            .Select(contact => contact.Member).OfType<MemberId>().ToList();
        occupants.Concat(known).ToList().ForEach(peers.LearnLate);
        foreach (var member in known.Concat(occupants).Distinct())
        {
            if (member != local.Self && MissingOf(member) is { } missing) return missing;
        }

        foreach (var contact in peers.Contacts.Values)
        {
            if (contact.Listed is null || addresses.Contains(contact.Address)) continue;
            if (MissingOf(contact) is { } missing) return missing;
        }

        return IsActive(local.Self) ? "" : MissingOfNewcomer(known);
    }

    private string? MissingOf(MemberId member)
    {
        if (peers.Answers(member)) return null;
        endings.Look(member);
        if (endings.RuleFor(member) is { } rule) return Note($"{member} {rule}");
        var (lacks, ready) = peers.Ready.Last is null ? ("ready_service", "no ready service tells whether it is ready")
            : peers.Ready.Lists(member.Address) ? ("still_ready", "the ready service still lists it")
            : ("not_ready_for", "not long enough gone from the ready service");
        return Lacking(lacks, $"{member.Fqdn} at {member.Address} to answer or to be known as ended ({ready})");
    }

    // Listed, and nobody we know: it may have joined while we did not look.
    private string? MissingOf(Contact contact)
    {
        if (Answers(contact) || contact.IsForeignWithin(peers.FreshFor, local.Now)) return null;
        if (contact.Refuses) return Note($"{contact.Address} refuses");
        var notReady = local.Settings.NotReadyFor;
        if (peers.Ready.IsGone(contact.Address, contact.KnownSince, notReady))
            return Note($"{contact.Address} NotReady");
        if (peers.Ready.NeverListed(contact.Address, contact.KnownSince, notReady))
            return Note($"{contact.Address} never ready");
        return Lacking("listed", $"{contact.Listed} at {contact.Address}, which is listed, to answer or to be gone");
    }

    // Restarted learners, cut off from each other, must not each rescue alone: only facts about all Active silos do.
    private string MissingOfNewcomer(List<MemberId> known)
    {
        var active = known.Find(member => IsActive(member) && endings.RuleFor(member) is null or EndRule.NotReady);
        if (active is not null)
            return Lacking("was_active", $"{active.Fqdn}, which was Active, to answer or to end: we never were");
        var silent = peers.Contacts.Values.FirstOrDefault(contact => contact.Listed is not null
            && !contact.Refuses && !Answers(contact) && !contact.IsForeignWithin(peers.FreshFor, local.Now));
        return silent is null ? "" : Lacking("silent", $"{silent.Listed}, which is silent, to answer or to refuse");
    }

    private bool IsActive(MemberId member) => IsActive(local.State!, member);

    public static bool IsActive(ClusterState state, MemberId member) =>
        state.Table.RowOf(member) is { State: SiloState.Active };

    private bool Answers(Contact contact) =>
        !contact.IsForeign && contact.Member is not null && contact.AnsweredWithin(peers.FreshFor, local.Now);

    private string Lacking(string what, string text)
    {
        Lacks = what;
        return text;
    }

    private string? Note(string piece)
    {
        _now = _now.SetItem(piece, _since.GetValueOrDefault(piece, local.Now));
        return null;
    }
}
