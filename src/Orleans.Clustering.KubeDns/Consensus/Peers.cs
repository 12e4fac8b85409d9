using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Whom we know, who greets whom, and what the replies prove (protocol §§ 1, 2, 5). State kept: a contact for each
/// address, the newest complete DNS view. Invariants kept: of two incarnations at one address the newer is the one that
/// answered the greeting sent later; nobody is thought gone because an answer is missing (I5).
/// </summary>
internal sealed class Peers(Local local)
{
    /// <summary>For how long somebody that nobody lists and that says nothing is remembered.</summary>
    public const long ForgetAfter = 600_000;

    private const long WatchFor = 5_000;
    private const long NamelessFor = 3_000;
    private const long UnreachableFor = 5_000;
    private const int UnreachableAttempts = 3;

    private ImmutableSortedDictionary<Nonce, long> _knownSince = ImmutableSortedDictionary<Nonce, long>.Empty;
    private Cadence? _cadence;
    private long _nextGreetAt;

    public Cadence Cadence => _cadence ??= new Cadence(local, this);

    /// <summary>What the discovery service lists.</summary>
    public Listing Discovery { get; } = new(local);

    /// <summary>What the ready service lists.</summary>
    public Listing Ready { get; } = new(local);

    public ImmutableSortedDictionary<PeerAddress, Contact> Contacts { get; private set; } =
        ImmutableSortedDictionary<PeerAddress, Contact>.Empty;

    /// <summary>The newest complete answer of the discovery service.</summary>
    public View? LastView => Discovery.Last;

    /// <summary>For how long an answer counts as fresh; longer while many are asked in turn.</summary>
    public long FreshFor => Math.Max(3_000, Contacts.Count * 24);

    public long NextDue => _nextGreetAt;

    /// <summary>Whether anybody of ours refuses us or is watched: DNS and peers are asked more often then.</summary>
    public bool AnySuspect { get; private set; }

    /// <summary>What this member tells of itself with every greeting.</summary>
    public Func<Standing> Standing { get; set; } = () => Consensus.Standing.None;

    public Contact? At(PeerAddress address) => Contacts.GetValueOrDefault(address);

    /// <summary>The contact that this very incarnation answers at.</summary>
    public Contact? Of(MemberId member) =>
        At(member.Address) is { } contact && contact.Member == member ? contact : null;

    /// <summary>Whether another incarnation is proven to live where this one did: rule (a), first half.</summary>
    public bool IsSuperseded(MemberId member) =>
        At(member.Address) is { } contact
        && (IsNow(contact, member) || IsForeignNow(contact, member));

    private bool IsNow(Contact contact, MemberId before) =>
        contact is { Member: { } now, IsForeign: false } && now != before
        && contact.AnsweredGreet > KnownSince(before);

    // The address is another cluster's: the greeting that it answered was sent after the member's last reply.
    private bool IsForeignNow(Contact contact, MemberId before) =>
        contact.IsForeign
        && contact.ForeignGreet > KnownSince(before)
        && (contact.Member != before || contact.ForeignGreet > contact.AnsweredAt);

    /// <summary>Whether that very incarnation answers, and nobody else where it did (seeds 1590, 1935).</summary>
    public bool Answers(MemberId member) =>
        member == local.Self
        || (Of(member) is { IsForeign: false } contact && contact.AnsweredWithin(FreshFor, local.Now));

    /// <summary>No valid reply for 5 s in at least three attempts; and that is all that it says (§ 7).</summary>
    public bool IsUnreachable(MemberId member)
    {
        if (member == local.Self || At(member.Address) is not { } contact) return false;
        return contact.FailedAttempts >= UnreachableAttempts
            && LastSignOf(member) <= local.Now - UnreachableFor
            && contact.FirstFailedAt <= local.Now - (UnreachableFor / 2);
    }

    /// <summary>When that incarnation last answered, or else became known.</summary>
    public long LastSignOf(MemberId member) => Of(member)?.AnsweredAt ?? KnownSince(member);

    /// <summary>
    /// Whether a process without lineage should take this one's: none that answers has a better. That is one with a
    /// working majority, else the one formed first, which will outlive the other (§ 8).
    /// </summary>
    public bool Prefers(Envelope offer, Standing standing)
    {
        var own = Rank(offer.Lineage, offer.Epoch, standing);
        return !Contacts.Values.Any(contact =>
            contact is { HasLineage: true, IsForeign: false } && contact.AnsweredWithin(FreshFor, local.Now)
            && Rank(contact.Lineage, contact.Epoch, contact.Standing).CompareTo(own) < 0);
    }

    private static (bool, bool, long, Guid, int) Rank(Guid lineage, Epoch epoch, Standing standing) =>
        (standing.Yields, !standing.IsQuorate, standing.FormedAt, lineage, -epoch.Number);

    /// <summary>Since when this incarnation is known, as a voter or by its row; the far future: not at all.</summary>
    public long KnownSince(MemberId member) => _knownSince.GetValueOrDefault(member.Nonce, long.MaxValue / 2);

    /// <summary>Everybody of this lineage who may be about: voters, live rows, and learners that answer.</summary>
    public IEnumerable<MemberId> Members()
    {
        if (local.State is not { } state) return [];
        var rows = state.Table.Rows.Values.Where(row => row.IsLive).Select(row => row.Owner).OfType<MemberId>();
        var learners = Contacts.Values
            .Where(contact => contact.Lineage == state.Lineage && contact.AnsweredWithin(30_000, local.Now))
            .Select(contact => contact.Member).OfType<MemberId>();
        return state.Voters.Concat(rows).Concat(learners).Distinct();
    }

    public void On(View view)
    {
        var isNewest = view.Complete && (LastView is null || view.AskedAt >= LastView.AskedAt);
        Discovery.On(view, Contacts.Keys);
        if (isNewest)
        {
            local.IsMisnamed = view.IsMisnamed;
            foreach (var (address, contact) in Contacts)
            {
                if (contact.Counts) Set(address, Unlisted(contact, view));
            }
        }

        foreach (var listed in view.Listed)
        {
            if (listed.Address == local.Self.Address)
            {
                if (local.IsNameless && !view.IsMisnamed) TakeName(listed.Fqdn);
                continue;
            }

            var contact = Ensure(listed.Address);
            Set(listed.Address, contact with { Listed = listed.Fqdn });
        }
    }

    public void OnReady(View view) => Ready.On(view, Contacts.Keys);

    public void OnCommitted(Committed committed)
    {
        if (committed.Command is null or SetVoters) committed.State.Voters.ToList().ForEach(Learn);
        if (committed.Command is TableChange { Change: InsertRow { Row.Owner: { } owner } }) Learn(owner);
        if (committed.Command is not null) return;
        foreach (var row in committed.State.Table.Rows.Values)
        {
            if (row is { State: not SiloState.Dead, Owner: { } known }) Learn(known);
        }
    }

    public Greeting? On(Envelope envelope, Greet greet)
    {
        if (MayNameItself(envelope)) TakeName(local.Self.Fqdn);
        if (local.IsMute) return null;
        var from = envelope.From;
        var contact = Ensure(from.Address);
        if (contact.Member != from) GreetSoon(contact);
        contact = Ensure(from.Address) with { Invited = true, HeardAt = local.Now };
        if (contact.Member == from && greet.Leaving) contact = contact with { IsLeaving = true };
        Set(from.Address, contact);
        foreach (var suspect in greet.Suspects) Watch(suspect);
        return new Greeting(
            greet.SentAt, local.Now - local.StartedAt, local.State?.Index ?? -1, local.Leaving, Refusals())
        {
            Standing = Standing(),
            Clock = local.Wall,
        };
    }

    public void On(Envelope envelope, Greeting greeting)
    {
        var from = envelope.From;
        var contact = Ensure(from.Address);
        var isOther = contact.Member is { } known && known != from;
        var before = contact.IsForeign ? contact.ForeignAt : isOther ? contact.AnsweredAt : -1;
        if (greeting.SentAt <= before)
        {
            // Either may be the older one: only a greeting sent from now on can tell.
            GreetSoon(contact);
            return;
        }

        if (!isOther && greeting.SentAt < contact.AnsweredGreet) return;
        var isOlder = !isOther && envelope.Lineage == Guid.Empty;
        Set(from.Address, contact.Answered(local.Now) with
        {
            Member = from,
            IsForeign = false,
            Lineage = isOlder ? contact.Lineage : envelope.Lineage,
            Epoch = isOlder ? contact.Epoch : envelope.Epoch,
            Index = isOther ? greeting.Index : Math.Max(greeting.Index, contact.Index),
            IsLeaving = greeting.Leaving || (!isOther && contact.IsLeaving),
            Standing = greeting.Standing,
            ClockAhead = greeting.ClockAhead(local.Now, local.Wall),
            StartedAt = local.Now - greeting.UptimeMs,
            AnsweredGreet = greeting.SentAt,
            AnsweredGreetAt = local.Now,
            Reports = greeting.Refusals,
        });
    }

    /// <summary>Something that is not of this cluster answered there.</summary>
    public void OnForeign(PeerAddress address, ClusterKey key, long sentAt = -1)
    {
        var contact = Ensure(address);
        if (contact is { IsForeign: false, Member: not null } && sentAt <= contact.AnsweredAt)
        {
            GreetSoon(contact);
            return;
        }

        if (!contact.IsForeign) local.Trace("ForeignCluster", $"{address} belongs to another cluster");
        Set(address, contact.Unrefused() with
        {
            IsForeign = true,
            ForeignKey = key,
            ForeignAt = local.Now,
            ForeignGreet = Math.Max(contact.ForeignGreet, sentAt),
            FailedAttempts = 0,
            Lineage = Guid.Empty,
        });
    }

    /// <summary>Any other reply of that incarnation: it lives, and may have a lineage by now (seed 2000078).</summary>
    public void OnReply(Envelope envelope, long index = -1)
    {
        if (Of(envelope.From) is not { } contact) return;
        contact = contact.Answered(local.Now) with { Index = Math.Max(index, contact.Index) };
        if (contact is { HasLineage: false, IsForeign: false })
            contact = contact with { Lineage = envelope.Lineage, Epoch = envelope.Epoch };
        Set(envelope.From.Address, contact);
    }

    public void OnRequest(MemberId from)
    {
        if (Of(from) is { } contact) Set(from.Address, contact with { HeardAt = local.Now });
    }

    /// <summary>A refusal adds to the series; silence ends it, since it may hide somebody alive.</summary>
    public void On(Undelivered undelivered)
    {
        if (At(undelivered.To) is not { } contact) return;
        contact = contact with
        {
            FailedAttempts = contact.FailedAttempts + 1,
            FirstFailedAt = contact.FailedAttempts == 0 ? local.Now : contact.FirstFailedAt,
        };
        Set(contact.Address, undelivered.WasRefused
            ? contact.RefusedAgain(local.Now, local.Settings) : contact.Unrefused());
        if (undelivered.WasRefused && contact.RefusedAttempts == 0 && contact.AnsweredAt >= 0)
            local.Trace("PeerRefuses", $"{contact.Address} ({contact.Member})");
        if (undelivered.WasRefused) Hurry();
    }

    /// <summary>
    /// Whoever answers where a member did may have learned from the others before they ended, and others may tell of
    /// members that we have not heard of: should one be silent, it is judged as a member is.
    /// </summary>
    public void LearnLate(MemberId member)
    {
        if (member == local.Self || _knownSince.ContainsKey(member.Nonce)) return;
        _knownSince = _knownSince.Add(member.Nonce, Of(member)?.AnsweredGreet ?? local.Now);
        if (Of(member) is null) GreetSoon(Ensure(member.Address));
    }

    public void GreetSoon(PeerAddress address) => GreetSoon(Ensure(address));

    /// <summary>We were away: what we missed in that time proves nothing.</summary>
    public void OnStalled()
    {
        foreach (var (address, contact) in Contacts)
            Set(address, contact.Unrefused() with { FailedAttempts = 0, WatchUntil = -1 });
        GreetAll();
    }

    /// <summary>Greets everybody at once, so that they learn of a change here.</summary>
    public void GreetAll()
    {
        foreach (var (address, contact) in Contacts) Set(address, contact with { GreetedAt = -1 });
        _nextGreetAt = local.Now;
    }

    public void Pump()
    {
        if (local.Now < _nextGreetAt) return;
        _nextGreetAt = long.MaxValue;
        AnySuspect = Contacts.Values.Any(Cadence.IsSuspect);
        var suspects = local.IsVoter ? Suspects() : default;
        foreach (var (address, contact) in Contacts)
        {
            if (IsForgotten(contact)) Contacts = Contacts.Remove(address);
            else if (!local.IsMute) GreetIfDue(contact, Cadence.Interval(contact), suspects);
        }

        _nextGreetAt = Math.Min(_nextGreetAt, local.Now + local.Settings.GreetEvery);
    }

    // While DNS is down nobody can name us; a member that invites us gets us back into its cluster all the same.
    private bool MayNameItself(Envelope invitation) =>
        local.IsNameless
        && LastView is null
        && invitation.Lineage != Guid.Empty
        && local.Now >= local.StartedAt + NamelessFor;

    private void TakeName(string name)
    {
        local.TakeName(name);
        _nextGreetAt = local.Now;
    }

    // DNS does not list it, or no more: an invitation holds only if it is younger than that answer.
    private static Contact Unlisted(Contact contact, View view) => contact with
    {
        Listed = null,
        Invited = contact.Invited && contact.HeardAt >= view.AskedAt - view.Staleness,
    };

    private void GreetIfDue(Contact contact, long interval, Sequence<MemberId> suspects)
    {
        var due = contact.GreetedAt < 0 ? local.Now : contact.GreetedAt + interval;
        if (due > local.Now)
        {
            _nextGreetAt = Math.Min(_nextGreetAt, due);
            return;
        }

        Set(contact.Address, contact with { GreetedAt = local.Now });
        var greet = new Greet(
            local.Now, local.Now - local.StartedAt, local.State?.Index ?? -1, local.Leaving,
            contact.Member is { } member && local.State?.IsVoter(member.Nonce) == true ? suspects : default)
        {
            Standing = Standing(),
        };
        local.Ask(contact.Address, default, greet);
        _nextGreetAt = Math.Min(_nextGreetAt, local.Now + interval);
    }

    private Sequence<MemberId> Suspects() =>
        Contacts.Values.Where(contact => contact is { RefusedAttempts: >= 2, Member: not null })
            .Where(Cadence.IsSuspect)
            .Select(contact => contact.Member!).ToSequence();

    // Not what broke off longer ago: the asker counts on it that what is reported goes back RefusedFor at most.
    private Sequence<Refusal> Refusals() =>
        Contacts.Values
            .Where(contact => contact is { Refuses: true, Member: not null, AnsweredAt: >= 0 })
            .Where(contact => contact.RefusedAt >= local.Now - local.Settings.RefusedFor)
            .Select(contact => new Refusal(
                contact.Member!.Nonce, contact.RefusedAt - contact.RefusedSince, contact.RefusedAttempts))
            .ToSequence();

    private void Watch(MemberId suspect)
    {
        if (suspect == local.Self || Of(suspect) is not { } contact) return;
        Set(suspect.Address, contact with { WatchUntil = local.Now + WatchFor });
        Hurry();
    }

    private void Hurry()
    {
        AnySuspect = true;
        _nextGreetAt = Math.Min(_nextGreetAt, local.Now + local.Settings.GreetEagerly);
    }

    private void Learn(MemberId member)
    {
        if (member == local.Self) return;
        if (!_knownSince.ContainsKey(member.Nonce)) _knownSince = _knownSince.Add(member.Nonce, local.Now);
        if (Of(member) is null) GreetSoon(Ensure(member.Address));
    }

    private Contact Ensure(PeerAddress address)
    {
        if (At(address) is { } contact) return contact;
        contact = new Contact(address) { KnownSince = local.Now };
        Set(address, contact);
        _nextGreetAt = local.Now;
        return contact;
    }

    // At most one greeting in 50 ms: a peer that greets us often must not make us answer in kind.
    private void GreetSoon(Contact contact)
    {
        if (contact.GreetedAt < 0 || contact.GreetedAt > local.Now - 50) return;
        Set(contact.Address, contact with { GreetedAt = -1 });
        _nextGreetAt = local.Now;
    }

    private bool IsForgotten(Contact contact) =>
        contact.Listed is null
        && Math.Max(Math.Max(contact.AnsweredAt, contact.HeardAt), contact.KnownSince) < local.Now - ForgetAfter
        && local.State?.Voters.Any(voter => voter.Address == contact.Address) != true;

    private void Set(PeerAddress address, Contact contact) => Contacts = Contacts.SetItem(address, contact);
}
