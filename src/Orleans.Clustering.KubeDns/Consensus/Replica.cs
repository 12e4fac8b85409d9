using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// One replica: the whole protocol as a machine that takes an input and returns effects. It knows no clock, no socket
/// and no task; its random choices come from the seed. State kept: its roles'. Invariants kept: who a message is from
/// and for is checked here, once, before any role sees it (I4).
/// </summary>
internal sealed class Replica
{
    private readonly Local _local;
    private readonly Peers _peers;
    private readonly Acceptor _acceptor;
    private readonly Proposer _proposer;
    private readonly Reader _reader;
    private readonly Requests _requests;
    private readonly Founding _founding;
    private readonly Endings _endings;
    private readonly Voters _voters;
    private readonly CatchUp _catchUp;
    private readonly Quorum _quorum;
    private readonly StallFence _fence;
    private readonly Rescue _rescue;
    private readonly Witness _witness;
    private readonly Meeting _meeting;
    private long _lookUpAt;

    public Replica(Settings settings, ClusterKey key, MemberId self, ulong seed)
    {
        _local = new Local(settings, key, self, seed);
        _peers = new Peers(_local);
        _acceptor = new Acceptor(_local);
        _proposer = new Proposer(_local, _acceptor, _peers);
        _reader = new Reader(_local, _acceptor, _proposer);
        _requests = new Requests(_local);
        _founding = new Founding(_local, _peers);
        _endings = new Endings(_local, _peers);
        _voters = new Voters(_local, _peers, _endings);
        _catchUp = new CatchUp(_local, _peers);
        _quorum = new Quorum(_local, _peers, _endings);
        _fence = new StallFence(_local, _peers);
        _meeting = new Meeting(_local, _peers, _quorum);
        _rescue = new Rescue(_local, _peers, _acceptor, _quorum, _endings, _meeting);
        _witness = new Witness(_local, _peers, _acceptor, _quorum, _endings);
        _peers.Standing = () => _quorum.Standing;
        _quorum.Returned = _fence.LookAround;
        _proposer.Lost = _reader.OnLost;
        _proposer.Duty = () => _endings.NextMark() ?? _meeting.NextYield() ?? _voters.Next();
    }

    public ClusterKey Key => _local.Key;

    public MemberId Self => _local.Self;

    public ClusterState? State => _local.State;

    public IReadOnlyDictionary<SiloId, long> Beats => _local.Beats;

    public IReadOnlyDictionary<PeerAddress, Contact> Contacts => _peers.Contacts;

    public View? LastView => _peers.LastView;

    /// <summary>The newest complete answer of the ready service.</summary>
    public View? LastReady => _peers.Ready.Last;

    /// <summary>What a process without lineage waits for, for people; empty otherwise.</summary>
    public string WaitingFor => _founding.WaitingFor;

    /// <summary>For whom and for which evidence a rescue waits, for people; empty otherwise.</summary>
    public string RescueWaitsFor => _rescue.WaitingFor;

    /// <summary>The same in one word of few; empty: it does not wait.</summary>
    public string RescueBlockedBy => _rescue.BlockedBy;

    /// <summary>Since when the majority of the voters is lost (own clock, ms); −1: it is not.</summary>
    public long LostSince => _quorum.LostSince;

    /// <summary>Whether this member itself sees a working majority.</summary>
    public bool HasMajority => _quorum.HasMajority;

    /// <summary>The voters that do not answer this member.</summary>
    public IEnumerable<MemberId> MissingVoters => _quorum.Missing;

    /// <summary>How often voters have been asked for a call that is still under way.</summary>
    public int AttemptsOf(long ticket) => _requests.AttemptsOf(ticket);

    public bool HasHandedOver => _voters.HasHandedOver;

    /// <summary>When the next <see cref="Tick"/> is due, on the clock of the last step.</summary>
    public long NextDue => Math.Clamp(Earliest(), _local.Now + 1, _local.Now + StallFence.StepEvery);

    /// <summary>Takes one input at a time (ms, own clock; seconds since 2022-01-01 UTC) and says what to do.</summary>
    public IReadOnlyList<Effect> Step(long now, long wall, Input input)
    {
        _local.Begin(now, wall);
        if (_fence.Look()) VoidEvidence();
        switch (input)
        {
            case Tick: break;
            case Viewed viewed: _peers.On(viewed.View); break;
            case ViewedReady ready: _peers.OnReady(ready.View); break;
            case Received received: On(received); break;
            case Undelivered undelivered: On(undelivered); break;
            case AskWrite or AskRead or AskBeat: _requests.Add(input); break;
            case Leave: BeginLeaving(); break;
            default: throw new ArgumentOutOfRangeException(nameof(input));
        }

        Settle();
        return _local.Take();
    }

    // Roles act on what they see; one may make work for another, so go round until nothing more is decided or said.
    private void Settle()
    {
        long index;
        do
        {
            index = _local.State?.Index ?? -1;
            while (_local.NextToSelf(out var received)) On(received);
            TellCommitted();
            _fence.Pump();
            _founding.Pump();
            _endings.Pump();
            _quorum.Pump();
            _meeting.Pump();
            _rescue.Pump();
            if (_voters.ShouldTakeOver()) TakeOver();
            _proposer.Pump();
            _reader.Pump();
            _requests.Pump();
        }
        while (_local.HasMoreToSelf || _local.Fresh.Count > 0 || (_local.State?.Index ?? -1) != index);

        LookUpIfDue();
        _peers.Pump();
    }

    private void TakeOver() => _proposer.TakeOver(_endings.IsEnded(_local.State!.Leader) ? "ended" : "silent");

    // What was missed while we were away is no evidence against anybody.
    private void VoidEvidence()
    {
        _peers.OnStalled();
        _quorum.OnStalled();
        _rescue.OnStalled();
        _meeting.OnStalled();
    }

    private void TellCommitted()
    {
        while (_local.Fresh.TryDequeue(out var committed))
        {
            _peers.OnCommitted(committed);
            _voters.OnCommitted(committed);
            _reader.OnCommitted(committed);
        }
    }

    private void On(Received received)
    {
        var envelope = received.Envelope;
        var isRequest = received.Handle != 0;
        if (envelope.Key != _local.Key)
        {
            if (isRequest) Reply(received, new Foreign((envelope.Body as Greet)?.SentAt ?? 0));
            else OnForeign(envelope);
        }
        else if (!isRequest && envelope.To == _local.Self.Nonce)
        {
            _meeting.OnMet(envelope, (envelope.Body as Greeting)?.Standing ?? Standing.None);
            OnReply(envelope);
        }
        else if (isRequest && (envelope.To == _local.Self.Nonce || IsForAnybody(envelope)))
        {
            _peers.OnRequest(envelope.From);
            _meeting.OnMet(envelope, (envelope.Body as Greet)?.Standing ?? Standing.None);
            if (Serve(received) is { } reply) Reply(received, reply);
        }
        else if (isRequest)
        {
            Reply(received, new Superseded());
        }
    }

    // The protocol's table of contents, first half: what others may ask of us.
    private Message? Serve(Received received)
    {
        var (envelope, from) = (received.Envelope, received.Envelope.From);
        switch (envelope.Body)
        {
            case Greet greet: return OnGreet(envelope, greet);
            case FoundPrepare prepare: return _founding.On(from, prepare);
            case FoundAccept accept: return _founding.On(from, accept);
            case Founded founded: return _founding.On(founded);
            case Fetch fetch: return _catchUp.On(envelope, fetch);
            case RescuePrepare prepare: return _witness.On(envelope, prepare);
            case RescueAccept accept: return _witness.On(envelope, accept);
            case Rescued rescued: return _witness.On(rescued);
        }

        if (!IsOfOurs(envelope)) return new Elsewhere();
        switch (envelope.Body)
        {
            case Prepare prepare when prepare.Ballot.By == from.Nonce: return _acceptor.On(prepare);
            case Accept accept when accept.Ballot.By == from.Nonce: return _acceptor.On(accept);
            case Decided decided: return OnDecided(envelope, decided);
            case Probe probe: return _reader.On(probe);
            case Heartbeat heartbeat: return OnHeartbeat(heartbeat);
            case Submit submit: _proposer.Enqueue(received.Handle, from, submit); return null;
            case Read read: _reader.Enqueue(received.Handle, from, read); return null;
            default: return null;
        }
    }

    // Second half: what others answer.
    private void OnReply(Envelope envelope)
    {
        var from = envelope.From;
        if (envelope.Body is not Greeting) _peers.OnReply(envelope);
        switch (envelope.Body)
        {
            case Greeting greeting: OnGreeting(envelope, greeting); return;
            case Superseded: _peers.GreetSoon(from.Address); return;
            case Foreign: OnForeign(envelope); return;
            case RescuePromise promise: _rescue.On(from, promise); return;
            case RescueAccepted accepted: _rescue.On(from, accepted); return;
            case RescueRefused refused: _rescue.On(from, refused); return;
            case FoundPromise promise: _founding.On(from, promise); return;
            case FoundAccepted accepted: _founding.On(from, accepted); return;
            case FoundRefused refused: _founding.On(refused); return;
            case Elsewhere: OnElsewhere(from); return;
            case Fetched fetched: _catchUp.On(envelope, fetched); return;
        }

        if (!IsOfOurs(envelope)) return;
        switch (envelope.Body)
        {
            case Promise promise: _proposer.On(from, promise); return;
            case Accepted accepted: _proposer.On(from, accepted); return;
            case Refused refused: _proposer.On(refused); return;
            case Behind behind: _proposer.On(from, behind); return;
            case Ahead ahead: _local.Install(ahead.News); return;
            case Applied applied: OnApplied(envelope, applied); return;
            case Mark mark: _reader.On(from, mark); return;
            case Submitted submitted: _requests.On(from, submitted); return;
            case ReadDone done: _requests.On(from, done); return;
            case HeartbeatKept kept: _requests.On(from, kept); return;
        }
    }

    private void On(Undelivered undelivered)
    {
        _peers.On(undelivered);
        if (!undelivered.Nonce.IsNone) _requests.OnUndelivered(undelivered.Nonce);
    }

    private void BeginLeaving()
    {
        _local.BeginLeaving();
        _peers.GreetAll();
    }

    private Greeting? OnGreet(Envelope envelope, Greet greet)
    {
        var greeting = _peers.On(envelope, greet);
        _quorum.OnMet(envelope, greet.Standing);
        _catchUp.From(envelope, greet.Index, greet.Standing);
        return greeting;
    }

    private void OnGreeting(Envelope envelope, Greeting greeting)
    {
        _peers.On(envelope, greeting);
        _quorum.OnMet(envelope, greeting.Standing);
        _catchUp.From(envelope, greeting.Index, greeting.Standing);
    }

    private void OnForeign(Envelope envelope)
    {
        var sentAt = (envelope.Body as Foreign)?.SentAt ?? 0;
        _peers.OnForeign(envelope.From.Address, envelope.Key, sentAt);
    }

    private Applied OnDecided(Envelope envelope, Decided decided)
    {
        _local.Install(decided.News);
        _catchUp.From(envelope, decided.News.Last, Standing.None);
        return new Applied(_local.State!.Index);
    }

    private void OnApplied(Envelope envelope, Applied applied)
    {
        _peers.OnReply(envelope, applied.Index);
        _proposer.OnApplied(envelope.From, applied.Index);
    }

    private HeartbeatKept OnHeartbeat(Heartbeat heartbeat)
    {
        _local.Keep(Sequence.Of(heartbeat.Beat));
        return new HeartbeatKept(heartbeat.Id);
    }

    private void OnElsewhere(MemberId from)
    {
        _founding.OnElsewhere(from);
        _rescue.OnElsewhere(from);
        _peers.GreetSoon(from.Address);
    }

    // In a cluster DNS is asked at leisure, more often while somebody may have gone (operations § 1, poll).
    private void LookUpIfDue()
    {
        if (_local.State is null || _local.Now < _lookUpAt) return;
        var every = _peers.AnySuspect || _local.InDoubt ? 2_000 : _local.IsVoter ? 5_000 : 15_000;
        _lookUpAt = _local.Now + (every * 4 / 5) + _local.Random(every * 2 / 5);
        _local.Emit(new LookUp());
    }

    private long Earliest()
    {
        var earliest = Math.Min(Math.Min(_peers.NextDue, _proposer.NextDue), _reader.NextDue);
        earliest = Math.Min(Math.Min(earliest, _requests.NextDue), _founding.NextDue);
        if (_local.State is null) return earliest;
        earliest = Math.Min(Math.Min(earliest, _endings.NextDue), Math.Min(_voters.NextDue, _lookUpAt));
        earliest = Math.Min(Math.Min(earliest, _fence.NextDue), Math.Min(_quorum.NextDue, _rescue.NextDue));
        return Math.Min(earliest, _meeting.NextDue);
    }

    private void Reply(Received received, Message message) =>
        _local.Reply(received.Handle, received.Envelope.From, message);

    private bool IsOfOurs(Envelope envelope) =>
        _local.MayTakePart && _local.State is { } state
        && state.Lineage == envelope.Lineage && state.Epoch == envelope.Epoch;

    private static bool IsForAnybody(Envelope envelope) => envelope.To.IsNone && envelope.Body is Greet;
}
