using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// How a process without lineage comes to one: it joins a peer's, or founds one together with all that answer, on a
/// settled look-up (protocol § 5). State kept: the founding ballot promised, the first state accepted, the attempt
/// under way. Invariants kept: one founder (I3): nobody founds on an answer that may hide an earlier pod, and an
/// accepted first state is adopted whole.
/// </summary>
internal sealed class Founding(Local local, Peers peers)
{
    /// <summary>How recent an answer must be to count.</summary>
    private const long AnswerIsFresh = 3_000;
    private const long GiveUpAfter = 1_500;
    private const long LookUpEvery = 1_000;

    /// <summary>Once more for an answer that is young enough: not at every step while that one is on its way.</summary>
    private const long LookUpAgainAfter = 50;
    private const long ReportEvery = 10_000;

    private Ballot _promised = Ballot.None;
    private FoundingProposal? _accepted;
    private Attempt? _attempt;
    private long _pausedUntil;
    private long _lookUpAt;
    private long _lookedUpAt;
    private long _reportAt = ReportEvery;

    /// <summary>What is being waited for, for people.</summary>
    public string WaitingFor { get; private set; } = "";

    public long NextDue => local.State is not null ? long.MaxValue
        : Math.Min(Math.Min(_lookUpAt, _attempt?.DueAt ?? long.MaxValue), local.Now + 100);

    private bool MayNotVote => local.State is not null || local.IsMute;

    public Message? On(MemberId from, FoundPrepare prepare)
    {
        if (MayNotVote || prepare.Ballot.By != from.Nonce) return new Elsewhere();
        if (prepare.Ballot < _promised) return new FoundRefused(prepare.Ballot, _promised);
        _promised = prepare.Ballot;
        return new FoundPromise(prepare.Ballot, _accepted, local.Wall, local.Self.Silo.Generation);
    }

    public Message? On(MemberId from, FoundAccept accept)
    {
        if (MayNotVote || accept.Ballot.By != from.Nonce) return new Elsewhere();
        if (accept.Ballot < _promised) return new FoundRefused(accept.Ballot, _promised);
        _promised = accept.Ballot;
        _accepted = new FoundingProposal(accept.Ballot, accept.State);
        return new FoundAccepted(accept.Ballot);
    }

    public Message On(Founded founded)
    {
        if (!MayNotVote && local.Install(founded.State))
            local.Trace("Joined", $"lineage {founded.State.Lineage:N} as witness");
        return local.State?.Lineage == founded.State.Lineage ? new Applied(local.State.Index) : new Elsewhere();
    }

    public void On(MemberId from, FoundPromise promise)
    {
        if (_attempt is not { State: null } attempt || attempt.Ballot != promise.Ballot) return;
        if (!attempt.Witnesses.Contains(from)) return;
        attempt = attempt with { Promises = attempt.Promises.SetItem(from, promise) };
        _attempt = attempt;
        if (attempt.Promises.Count < attempt.Witnesses.Count) return;
        var adopted = attempt.Promises.Values.Select(each => each.Accepted).OfType<FoundingProposal>()
            .MaxBy(proposal => proposal.Ballot);
        if (adopted is not null) local.Trace("FoundingAdopted", $"of {adopted.Ballot} by {attempt.Ballot}");
        _attempt = attempt with { State = adopted?.State ?? FirstState(attempt) };
        SendToWitnesses();
    }

    public void On(MemberId from, FoundAccepted accepted)
    {
        if (_attempt is not { State: { } state } attempt || attempt.Ballot != accepted.Ballot) return;
        if (!attempt.Witnesses.Contains(from)) return;
        attempt = attempt with { Accepted = attempt.Accepted.Add(from) };
        _attempt = attempt;
        if (attempt.Accepted.Count < attempt.Witnesses.Count) return;
        _attempt = null;
        if (!local.Install(state)) return;
        local.Trace("Founding", $"lineage {state.Lineage:N} with {attempt.Witnesses}, voters {state.Voters}");
        foreach (var witness in attempt.Witnesses)
        {
            if (witness != local.Self) local.Ask(witness, new Founded(state));
        }
    }

    /// <summary>Somebody stands in the way of the attempt: begin again from the start.</summary>
    public void On(FoundRefused refused)
    {
        if (_attempt?.Ballot != refused.Ballot) return;
        _promised = refused.Promised > _promised ? refused.Promised : _promised;
        GiveUp();
    }

    public void OnElsewhere(MemberId from)
    {
        if (_attempt?.Witnesses.Contains(from) == true) GiveUp();
    }

    public void Pump()
    {
        if (local.State is not null)
        {
            (_attempt, WaitingFor) = (null, "");
            return;
        }

        if (_attempt is not null) Press();
        else if (local.Now >= _pausedUntil) TryFound();
        if (local.Now >= _lookUpAt) LookUpNow();
        Report();
    }

    private void Press()
    {
        if (_attempt!.GiveUpAt <= local.Now) GiveUp();
        else if (_attempt.DueAt <= local.Now) SendToWitnesses();
    }

    private void TryFound()
    {
        WaitingFor = Obstacle(out var witnesses);
        if (WaitingFor.Length > 0) return;
        if (witnesses.Min() != local.Self)
        {
            WaitingFor = $"{witnesses.Min()!.Fqdn} to found the cluster (it comes first by name)";
            return;
        }

        var ballot = new Ballot(Math.Max(0, _promised.Round) + 1, local.Self.Nonce);
        _attempt = new Attempt(
            ballot, witnesses, ImmutableSortedDictionary<MemberId, FoundPromise>.Empty, [], null, 0,
            local.Now + GiveUpAfter);
        foreach (var contact in peers.Contacts.Values)
        {
            if (contact.Counts && !Answers(contact)) local.Trace("PassedOver", Describe(contact));
        }

        SendToWitnesses();
    }

    private void SendToWitnesses()
    {
        var attempt = _attempt! with { DueAt = local.Now + local.Settings.Resend };
        _attempt = attempt;
        foreach (var witness in attempt.Witnesses)
        {
            if (attempt.State is { } state)
            {
                if (!attempt.Accepted.Contains(witness)) local.Ask(witness, new FoundAccept(attempt.Ballot, state));
            }
            else if (!attempt.Promises.ContainsKey(witness))
            {
                local.Ask(witness, new FoundPrepare(attempt.Ballot));
            }
        }
    }

    private void GiveUp()
    {
        _attempt = null;
        _pausedUntil = local.Now + 100 + local.Random(300);
    }

    // Why we may not found now; empty if we may, with those that answered "no lineage".
    private string Obstacle(out Sequence<MemberId> witnesses)
    {
        witnesses = default;
        if (peers.LastView is not { } view) return "a first DNS answer";
        if (local.IsMisnamed) return $"DNS to list {local.Self.Address} as {local.Self.Fqdn} alone";
        if (local.IsNameless) return $"DNS to list {local.Self.Address}, by whatever name";
        if (!view.Listed.Any(IsUs)) return $"DNS to list {local.Self.Fqdn} at {local.Self.Address}";
        var contacts = peers.Contacts.Values
            .Where(contact => contact.Counts && contact.Address != local.Self.Address).ToList();
        if (contacts.Find(contact => contact is { HasLineage: true, IsForeign: false } && Answers(contact)) is { } peer)
            return $"the cluster's state from {peer.Member}";
        var answering = contacts.Where(contact => !contact.IsForeign && Answers(contact)).ToList();
        var open = contacts.Where(contact => !Answers(contact) && !MayPass(contact, answering.Count)).ToList();
        if (open.Count > 0 && !Outvoted(open, contacts, answering.Count + 1))
            return $"{open.Count} listed silo(s) to answer, first {Describe(open[0])}";
        witnesses = answering.Select(contact => contact.Member!).Append(local.Self).Order().ToSequence();
        if (witnesses.Count < local.Settings.MinimumSilos)
            return $"{local.Settings.MinimumSilos} silos (MinimumSilos), {witnesses.Count} so far";
        return Settled(view, answering, contacts) ? "" : "a DNS answer that cannot hide an earlier silo";
    }

    private bool IsUs(ListedPeer listed) =>
        listed.Address == local.Self.Address && local.Self.MayBeListedAs(listed.Fqdn);

    // The look-up must be younger, by the staleness, than every process that answers and every refusal passed over.
    private bool Settled(View view, List<Contact> answering, List<Contact> contacts)
    {
        var youngest = answering.Select(contact => contact.StartedAt).Append(local.StartedAt).Max();
        var refusals = contacts.Where(contact => contact.Refuses).Select(contact => contact.RefusedSince);
        var from = refusals.Append(youngest).Max() + view.Staleness;
        if (view.AskedAt >= from) return true;
        _lookUpAt = Math.Min(_lookUpAt, Math.Max(from, _lookedUpAt + LookUpAgainAfter));
        return false;
    }

    private bool Answers(Contact contact)
    {
        var window = Math.Max(AnswerIsFresh, peers.Contacts.Count * 16);
        if (contact.IsForeign) return contact.IsForeignWithin(window, local.Now);
        return contact.AnsweredWithin(window, local.Now) && !IsMisnamed(contact);
    }

    private bool MayPass(Contact contact, int answering) =>
        RefusedLong(contact)
        && answering > 0
        && local.Now >= local.StartedAt + local.Settings.ListenBeforePassing;

    private bool RefusedLong(Contact contact) =>
        contact.Refuses && local.Now >= contact.RefusedSince + local.Settings.NotStartedAfter;

    private bool Outvoted(List<Contact> open, List<Contact> contacts, int answering)
    {
        var since = local.Now - local.Settings.ContactTimeout;
        if (open.Exists(contact => Math.Max(LastAnswer(contact), contact.KnownSince) > since)) return false;
        var asked = 1 + contacts.Count(contact => !contact.IsForeign && !RefusedLong(contact));
        return answering > asked / 2;
    }

    private static long LastAnswer(Contact contact) => Math.Max(contact.AnsweredAt, contact.ForeignAt);

    private ClusterState FirstState(Attempt attempt)
    {
        var clock = attempt.Promises.Values.Max(promise => promise.Clock);
        var newest = Math.Max(clock, attempt.Promises.Values.Max(promise => promise.Generation));
        var version = local.Settings.FirstVersion ?? (int)Math.Clamp(newest, 0, int.MaxValue / 2);
        var size = Math.Min(local.Settings.MaxVoters, attempt.Witnesses.Count);
        var voters = attempt.Witnesses.Where(witness => witness != local.Self).Prepend(local.Self)
            .Take(size % 2 == 1 ? size : size - 1).ToSequence();
        return new ClusterState(
            local.Key, NewLineage(), new Epoch(1, local.Self.Nonce), 0, clock, voters, 0,
            TableState.Empty with { Version = version }, Recent.Empty);
    }

    private Guid NewLineage()
    {
        Span<byte> bytes = stackalloc byte[16];
        foreach (ref var each in bytes) each = (byte)local.Random(255);
        return new Guid(bytes);
    }

    private void LookUpNow()
    {
        _lookedUpAt = local.Now;
        _lookUpAt = local.Now + LookUpEvery - 200 + local.Random(400);
        local.Emit(new LookUp());
    }

    private void Report()
    {
        if (WaitingFor.Length == 0 || local.Now < local.StartedAt + _reportAt) return;
        _reportAt = local.Now - local.StartedAt + ReportEvery;
        local.Trace("WaitingToFound", WaitingFor);
    }

    private static bool IsMisnamed(Contact contact) =>
        contact is { Listed: { } name, Member: { } member } && !member.MayBeListedAs(name);

    private static string Describe(Contact contact)
    {
        var how = contact.Refuses ? "refuses" : IsMisnamed(contact) ? $"last answered as {contact.Member}" : "silent";
        return $"{contact.Listed ?? contact.Member?.Fqdn} at {contact.Address} ({how})";
    }

    private sealed record Attempt(
        Ballot Ballot,
        Sequence<MemberId> Witnesses,
        ImmutableSortedDictionary<MemberId, FoundPromise> Promises,
        ImmutableSortedSet<MemberId> Accepted,
        ClusterState? State,
        long DueAt,
        long GiveUpAt);
}
