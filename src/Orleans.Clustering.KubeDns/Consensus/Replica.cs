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
        _proposer.Duty = () => _endings.NextMark() ?? _voters.Next();
    }

    public ClusterKey Key => _local.Key;

    public MemberId Self => _local.Self;

    public ClusterState? State => _local.State;

    public IReadOnlyDictionary<SiloId, long> Beats => _local.Beats;

    public IReadOnlyDictionary<PeerAddress, Contact> Contacts => _peers.Contacts;

    public View? LastView => _peers.LastView;

    /// <summary>What a process without lineage waits for, for people; empty otherwise.</summary>
    public string WaitingFor => _founding.WaitingFor;

    public bool HasHandedOver => _voters.HasHandedOver;

    /// <summary>When the next <see cref="Tick"/> is due, on the clock of the last step.</summary>
    public long NextDue => Math.Max(_local.Now + 1, Earliest());

    /// <summary>Takes one input at a time (ms, own clock; seconds since 2022-01-01 UTC) and says what to do.</summary>
    public IReadOnlyList<Effect> Step(long now, long wall, Input input)
    {
        _local.Begin(now, wall);
        switch (input)
        {
            case Tick: break;
            case Viewed viewed: _peers.On(viewed.View); break;
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
            _founding.Pump();
            _endings.Pump();
            if (_voters.ShouldTakeOver()) _proposer.TakeOver();
            _proposer.Pump();
            _reader.Pump();
            _requests.Pump();
        }
        while (_local.HasMoreToSelf || _local.Fresh.Count > 0 || (_local.State?.Index ?? -1) != index);

        LookUpIfDue();
        _peers.Pump();
    }

    private void TellCommitted()
    {
        while (_local.Fresh.TryDequeue(out var committed))
        {
            _peers.OnCommitted(committed);
            _voters.OnCommitted(committed);
        }
    }

    private void On(Received received)
    {
        var envelope = received.Envelope;
        var isRequest = received.Handle != 0;
        if (envelope.Key != _local.Key)
        {
            if (isRequest) Reply(received, new Foreign());
            else _peers.OnForeign(envelope.From.Address, envelope.Key);
        }
        else if (!isRequest && envelope.To == _local.Self.Nonce)
        {
            OnReply(envelope);
        }
        else if (isRequest && (envelope.To == _local.Self.Nonce || IsForAnybody(envelope)))
        {
            _peers.OnRequest(envelope.From);
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
            case Greet greet: return _peers.On(envelope, greet);
            case FoundPrepare prepare: return _founding.On(from, prepare);
            case FoundAccept accept: return _founding.On(from, accept);
            case Founded founded: return _founding.On(founded);
            case Fetch fetch: return OnFetch(envelope, fetch);
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
        if (envelope.Body is not Greeting) _peers.OnReply(from);
        switch (envelope.Body)
        {
            case Greeting greeting: _peers.On(envelope, greeting); return;
            case Superseded: _peers.GreetSoon(from.Address); return;
            case Foreign: _peers.OnForeign(from.Address, envelope.Key); return;
            case FoundPromise promise: _founding.On(from, promise); return;
            case FoundAccepted accepted: _founding.On(from, accepted); return;
            case FoundRefused refused: _founding.On(refused); return;
            case Elsewhere: OnElsewhere(from); return;
            case Fetched fetched when IsOfOurs(envelope) || (_local.State is null && !_local.IsMute):
                OnFetched(fetched);
                return;
        }

        if (!IsOfOurs(envelope)) return;
        switch (envelope.Body)
        {
            case Promise promise: _proposer.On(from, promise); return;
            case Accepted accepted: _proposer.On(from, accepted); return;
            case Refused refused: _proposer.On(refused); return;
            case Behind behind: _proposer.On(from, behind); return;
            case Ahead ahead: _local.Install(ahead.News); return;
            case Applied applied: OnApplied(from, applied); return;
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
        _local.Leaving = true;
        _peers.GreetAll();
    }

    private Fetched? OnFetch(Envelope envelope, Fetch fetch)
    {
        if (_local.State is not { } state) return null;
        if (envelope.Lineage != Guid.Empty && !IsOfOurs(envelope)) return null;
        var from = envelope.Lineage == Guid.Empty ? -1 : Math.Min(fetch.Index, state.Index);
        return new Fetched(_local.NewsAfter(from), _local.AllBeats());
    }

    private void OnFetched(Fetched fetched)
    {
        var isNew = _local.State is null;
        _local.Install(fetched.News);
        _local.Keep(fetched.Beats);
        if (isNew && _local.State is { } state)
            _local.Trace("Joined", $"lineage {state.Lineage:N} at {state.Index}, voters {state.Voters}");
    }

    private Applied OnDecided(Envelope envelope, Decided decided)
    {
        _local.Install(decided.News);
        _peers.FetchIfBehind(envelope, decided.News.Last);
        return new Applied(_local.State!.Index);
    }

    private void OnApplied(MemberId from, Applied applied)
    {
        _peers.OnReply(from, applied.Index);
        _proposer.OnApplied(from, applied.Index);
    }

    private HeartbeatKept OnHeartbeat(Heartbeat heartbeat)
    {
        _local.Keep(Sequence.Of(heartbeat.Beat));
        return new HeartbeatKept(heartbeat.Id);
    }

    private void OnElsewhere(MemberId from)
    {
        _founding.OnElsewhere(from);
        _peers.GreetSoon(from.Address);
    }

    // In a cluster DNS is asked at leisure, more often while somebody may have gone (operations § 1, poll).
    private void LookUpIfDue()
    {
        if (_local.State is null || _local.Now < _lookUpAt) return;
        var every = _peers.AnySuspect ? 2_000 : _local.IsVoter ? 5_000 : 15_000;
        _lookUpAt = _local.Now + (every * 4 / 5) + _local.Random(every * 2 / 5);
        _local.Emit(new LookUp());
    }

    private long Earliest()
    {
        var earliest = Math.Min(Math.Min(_peers.NextDue, _proposer.NextDue), _reader.NextDue);
        earliest = Math.Min(Math.Min(earliest, _requests.NextDue), _founding.NextDue);
        if (_local.State is null) return earliest;
        return Math.Min(Math.Min(earliest, _endings.NextDue), Math.Min(_voters.NextDue, _lookUpAt));
    }

    private void Reply(Received received, Message message) =>
        _local.Reply(received.Handle, received.Envelope.From, message);

    private bool IsOfOurs(Envelope envelope) =>
        _local.State is { } state && state.Lineage == envelope.Lineage && state.Epoch == envelope.Epoch;

    private static bool IsForAnybody(Envelope envelope) => envelope.To.IsNone && envelope.Body is Greet;
}
