using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>
/// What the node is wired to: how it listens, speaks, asks DNS, and ends the process if a rule broke.
/// </summary>
internal sealed record NodeWiring(
    Func<Func<Envelope, CancellationToken, Task<Envelope?>>, CancellationToken, Task<IAsyncDisposable>> Listen,
    IPeerClient Peers,
    Func<CancellationToken, Task<DnsSighting>> LookUp,
    Action<Exception> Fatal)
{
    public ContactCounts Contacts { get; init; } = new();

    public NodeCounts Counts { get; init; } = new();

    public Operations Operations { get; init; } = new();

    /// <summary>A look-up of the ready service; null: there is none.</summary>
    public Func<CancellationToken, Task<DnsSighting>>? LookUpReady { get; init; }

    /// <summary>Stops the application, as a signal does.</summary>
    public Action StopApplication { get; init; } = () => { };
}

/// <summary>
/// A look-up as the node needs it. <c>AskedAt</c> is the time provider's timestamp before the question was sent.
/// <c>Failure</c> is one line that begins with a word of its own for each kind; empty for an answer.
/// </summary>
internal sealed record DnsSighting(
    long AskedAt,
    bool IsComplete,
    Sequence<ListedPeer> Listed,
    TimeSpan Staleness,
    bool IsMisnamed,
    string Diagnosis,
    TimeSpan DiagnosedFor,
    string Failure);

/// <summary>
/// The only loop: takes inputs one at a time, steps the machine, carries out its effects. Nothing here decides; nothing
/// that waits runs on the loop.
/// </summary>
internal sealed partial class ReplicaNode : INode
{
    private static readonly DateTimeOffset Zero = new(2022, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Channel<Input> _inbox;
    private readonly Calls _calls;
    private readonly ConcurrentDictionary<long, TaskCompletionSource<Envelope?>> _requests = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Replica _replica;
    private readonly NodeSettings _settings;
    private readonly NodeWiring _wiring;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly LogThrottle _told;
    private readonly Complaints _dns;
    private readonly Complaints _complaints;
    private readonly long _origin;
    private IAsyncDisposable? _listener;
    private Task _loop = Task.CompletedTask;
    private long _handles;
    private int _tableVersion = -1;
    private long _steppedAt;
    private volatile NodePhase _phase = NodePhase.NotStarted;
    private volatile string _diagnosis = "";
    private volatile string _dnsFailure = "";

    public ReplicaNode(
        Replica replica, NodeSettings settings, NodeWiring wiring, TimeProvider time, ILogger logger)
    {
        (_replica, _settings, _wiring, _time, _logger) = (replica, settings, wiring, time, logger);
        _inbox = Channel.CreateBounded<Input>(new BoundedChannelOptions(settings.InboxCapacity)
        {
            SingleReader = true,
            FullMode = BoundedChannelFullMode.Wait,
        });
        _told = new LogThrottle(time);
        (_dns, _complaints) = (new Complaints(time), new Complaints(time));
        (_findings, _repetitions) = (new Findings(time), new Repetitions(time));
        _calls = new Calls(wiring.Operations, () => _tableVersion, replica.AttemptsOf);
        wiring.Operations.Ended += OnOperationEnded;
        _origin = time.GetTimestamp();
        _steppedAt = _origin;
        _timer = time.CreateTimer(_ => Post(new Tick()), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public event Action<int>? TableVersionLearned;

    public MemberId Self => _replica.Self;

    public NodeStatus Status => Describe();

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = await _wiring.Listen(ServeAsync, cancellationToken).ConfigureAwait(false);
        LogListening(Self.Fqdn, Self.Address.ToString());
        foreach (var error in _settings.Around.Standing) LogStanding(error.Message);
        _phase = NodePhase.Founding;
        _loop = Task.Run(LoopAsync, CancellationToken.None);
        Post(new Tick());
    }

    public async Task WaitUntilJoinedAsync(CancellationToken cancellationToken)
    {
        await _joined.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            try
            {
                await ReadAsync(mayWrite: false, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (TimeoutException error)
            {
                LogNoQuorumYet(error.Message);
            }
        }
    }

    public async Task<TableView> ReadAsync(bool mayWrite, CancellationToken cancellationToken)
    {
        var deadline = Deadline(_settings.ReadTimeout);
        var effect = await _calls.WaitAsync(
            ticket => Post(new AskRead(ticket, deadline, mayWrite)), _settings.ReadTimeout, "Read", _time,
            cancellationToken).ConfigureAwait(false);
        if (effect is not ReadAnswered { State: var state }) throw NoDecision("Read", _settings.ReadTimeout);
        return new TableView(state.Tag, state.Table, _replica.Beats);
    }

    public async Task<bool> WriteAsync(TableCommand change, CancellationToken cancellationToken)
    {
        var what = change.GetType().Name;
        var deadline = Deadline(_settings.WriteTimeout);
        var effect = await _calls.WaitAsync(
            ticket => Post(new AskWrite(ticket, change, deadline)), _settings.WriteTimeout, what, _time,
            cancellationToken).ConfigureAwait(false);
        return effect is Answered { Answer: { } answer }
            ? answer switch
            {
                Answer.Done => true,
                Answer.Lost => false,
                _ => throw new TimeoutException($"{what}: its outcome is not known any more."),
            }
            : throw NoDecision(what, _settings.WriteTimeout);
    }

    public async Task HeartbeatAsync(SiloId silo, long ticks, CancellationToken cancellationToken)
    {
        var deadline = Deadline(_settings.WriteTimeout);
        var effect = await _calls.WaitAsync(
            ticket => Post(new AskBeat(ticket, new Beat(silo, ticks), deadline)), _settings.WriteTimeout, "Heartbeat",
            _time, cancellationToken).ConfigureAwait(false);
        if (effect is not Answered { Answer: Answer.Done }) throw NoDecision("Heartbeat", _settings.WriteTimeout);
    }

    public void BeginStop()
    {
        if (_phase is NodePhase.Founding or NodePhase.Joined) _phase = NodePhase.Stopping;
        Post(new Leave());
    }

    public async Task HandOverAsync(CancellationToken cancellationToken)
    {
        BeginStop();
        try
        {
            await _handedOver.Task.WaitAsync(_settings.HandOverTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogNotHandedOver(_settings.HandOverTimeout.TotalSeconds);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_phase == NodePhase.Stopped) return;
        _phase = NodePhase.Stopped;
        await _stopping.CancelAsync().ConfigureAwait(false);
        _inbox.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
        if (_listener is not null) await _listener.DisposeAsync().ConfigureAwait(false);
        await _wiring.Peers.DisposeAsync().ConfigureAwait(false);
        await _timer.DisposeAsync().ConfigureAwait(false);
        _calls.EndAll(new ObjectDisposedException(nameof(ReplicaNode)));
        foreach (var (_, request) in _requests) request.TrySetResult(null);
        LogChange("Stopped", $"{Self}");
    }

    private bool Post(Input input) => _inbox.Writer.TryWrite(input);

    private async Task LoopAsync()
    {
        try
        {
            await foreach (var input in _inbox.Reader.ReadAllAsync(_stopping.Token).ConfigureAwait(false)) Step(input);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The way it ends.
        }
        catch (Exception error)
        {
            Fail(error);
        }
    }

    private void Step(Input input)
    {
        _steppedAt = _time.GetTimestamp();
        foreach (var effect in _replica.Step(Now(), Wall(), input)) Carry(effect);
        Track();
        if (_phase == NodePhase.Stopping && _replica.HasHandedOver && _handedOver.TrySetResult()) OnHandedOver();
        var wait = Math.Clamp(_replica.NextDue - Now(), 1, 1_000);
        _timer.Change(TimeSpan.FromMilliseconds(wait), Timeout.InfiniteTimeSpan);
    }

    private void Carry(Effect effect)
    {
        switch (effect)
        {
            case Send { Handle: 0 } send:
                _wiring.Counts.Sent(send.Envelope.Body, _time);
                _ = AskAsync(send);
                break;
            case Send send: Reply(send); break;
            case LookUp: LookUpNow(); break;
            case Committed committed: OnCommitted(committed); break;
            case Answered answered: _calls.Complete(answered.Ticket, answered); break;
            case ReadAnswered read: _calls.Complete(read.Ticket, read); break;
            case EndProcess end: End(end); break;
            case Trace trace: OnTrace(trace); break;
        }
    }

    private void OnCommitted(Committed committed)
    {
        NoteJoined();
        _wiring.Counts.OnCommitted(committed, Self, _time, _steppedAt);
        if (_phase == NodePhase.Founding) _phase = NodePhase.Joined;
        _joined.TrySetResult();
        var version = committed.State.Table.Version;
        if (version <= _tableVersion) return;
        _tableVersion = version;
        TableVersionLearned?.Invoke(version);
    }

    private async Task AskAsync(Send send)
    {
        try
        {
            var reply = await _wiring.Peers
                .SendAsync(send.To, send.Envelope, AnswerWithin(send.Envelope), _stopping.Token).ConfigureAwait(false);
            if (send.Envelope.Body is Greet) _wiring.Contacts.Greeted(reply);
            OnReply(send, reply);
        }
        catch (OperationCanceledException)
        {
            // The node ends.
        }
        catch (Exception error)
        {
            LogUnexpected(error, send.To.ToString());
            Post(new Undelivered(send.To, send.Envelope.To, WasRefused: false));
        }
    }

    // A reply from somebody who listens elsewhere was rerouted on its way; it proves nothing of the address asked.
    private void OnReply(Send send, PeerReply reply)
    {
        NoteDelivery(send.To, reply);
        if (reply is { Outcome: Delivery.Replied, Envelope: { } envelope } && envelope.From.Address == send.To)
        {
            if (IsForeign(envelope)) _wiring.Contacts.Foreigner();
            Post(new Received(0, envelope));
            return;
        }

        if (reply.Outcome != Delivery.NoReply)
            Post(new Undelivered(send.To, send.Envelope.To, reply.Outcome == Delivery.Refused));
    }

    // How long one who asks that waits.
    private TimeSpan AnswerWithin(Envelope envelope) => envelope.Body switch
    {
        Submit => _settings.WriteTimeout,
        Read or Fetch => _settings.ReadTimeout,
        _ => _settings.MessageTimeout,
    };

    // A request that the machine leaves unanswered ends when its asker, set as this silo is, has given up: with many
    // silos and no quorum those that nobody waits for any more would take the room of those that somebody does.
    private async Task<Envelope?> ServeAsync(Envelope envelope, CancellationToken cancellationToken)
    {
        if (IsForeign(envelope)) _wiring.Contacts.Foreigner();
        var handle = Interlocked.Increment(ref _handles);
        var source = new TaskCompletionSource<Envelope?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _requests[handle] = source;
        try
        {
            if (!Post(new Received(handle, envelope))) return null;
            return await source.Task.WaitAsync(AnswerWithin(envelope), _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new OperationCanceledException("Its asker does not wait any more.");
        }
        finally
        {
            _requests.TryRemove(handle, out _);
        }
    }

    private bool IsForeign(Envelope envelope) => envelope.Body is Foreign || envelope.Key != _replica.Key;

    private void Reply(Send send)
    {
        if (_requests.TryGetValue(send.Handle, out var source)) source.TrySetResult(send.Envelope);
    }

    private void Fail(Exception error)
    {
        _phase = NodePhase.Failed;
        if (error is not ProcessMustEndException) LogFailed(error);
        _inbox.Writer.TryComplete(error);
        _calls.EndAll(error);
        _joined.TrySetException(error);
        _handedOver.TrySetResult();
        _wiring.Fatal(error);
    }

    private long Now() => Milliseconds(_time.GetTimestamp());

    private long Milliseconds(long timestamp) => (long)_time.GetElapsedTime(_origin, timestamp).TotalMilliseconds;

    private long Wall() => (long)(_time.GetUtcNow() - Zero).TotalSeconds;

    private long Deadline(TimeSpan timeout) => Now() + (long)timeout.TotalMilliseconds;

    private TimeoutException NoDecision(string what, TimeSpan timeout) =>
        new($"{what}: no decision within {timeout.TotalSeconds:0.#} s; the outcome is unknown. "
            + Describe().WaitingFor);
}
