using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Tests.Discovery;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Clustering.KubeDns.Tests.Membership;
using Orleans.Clustering.KubeDns.Transport;
using Settings = Orleans.Clustering.KubeDns.Consensus.Settings;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>One node of a <see cref="NodeStage"/>, and what the test does to it.</summary>
internal sealed class StagedNode(NodeStage stage, int number) : IPeerClient
{
    private readonly LogLines _log = new(LogLevel.Debug);
    private ReplicaNode? _node;
    private Func<Envelope, CancellationToken, Task<Envelope?>>? _serve;

    public MemberId Member { get; set; } = InMemoryTable.NewMember(number);

    public int Number => number;

    public ReplicaNode Node => _node ?? throw new InvalidOperationException("It has not started.");

    public NodeStatus Status => Node.Status;

    public NodeCounts Counts { get; } = new();

    public Operations Operations { get; } = new();

    public ContactCounts Contacts { get; } = new();

    public List<Exception> Fatal { get; } = [];

    public bool IsToldToStop { get; private set; }

    public string ClusterId { get; set; } = "shop";

    public string Domain { get; set; } = "";

    public bool HasSecret { get; set; }

    public QuorumLoss Policy { get; set; }

    /// <summary>By how much its wall clock is ahead.</summary>
    public TimeSpan Skew { get; set; }

    /// <summary>Its process has ended: its address refuses.</summary>
    public bool IsDown { get; set; }

    /// <summary>Nobody hears it, and it hears nobody.</summary>
    public bool IsCutOff { get; set; }

    public bool IsListed { get; set; } = true;

    public bool IsReady { get; set; } = true;

    /// <summary>What its own look-ups say instead of an answer.</summary>
    public string DnsFailure { get; set; } = "";

    public string Diagnosis { get; set; } = "";

    /// <summary>How every message to it ends, instead of its being served.</summary>
    public Delivery? Answers { get; set; }

    /// <summary>Whom its messages reach, and whose reach it.</summary>
    public Func<StagedNode, bool> Reaches { get; set; } = _ => true;

    /// <summary>Is shown all that it sends.</summary>
    public Action<Envelope> Watches { get; set; } = _ => { };

    /// <summary>Which of its messages are lost on their way.</summary>
    public Func<Message, bool> Loses { get; set; } = _ => false;

    /// <summary>What its sending and its look-ups throw, which nobody expects of them.</summary>
    public Exception? Breaks { get; set; }

    /// <summary>Of the others it sees only these in DNS; null: all.</summary>
    public Func<StagedNode, bool> Sees { get; set; } = _ => true;

    public IEnumerable<LogLine> Log => _log.All;

    /// <summary>Called with each line while its loop waits.</summary>
    public event Action<LogLine> Told
    {
        add => _log.Written += value;
        remove => _log.Written -= value;
    }

    public async Task StartAsync()
    {
        var settings = new Settings { FailureDomain = Domain, MayRescue = Policy == QuorumLoss.Rescue };
        var replica = new Replica(settings, new ClusterKey("shop", ClusterId), Member, (ulong)number + 1);
        var around = new Surroundings
        {
            Service = new(new("orleans", "shop", "cluster.local"), "discovery"),
            ReadyService = stage.HasReadyService ? "orleans-ready" : "",
            HasSecret = HasSecret,
            FailureDomain = Domain,
            MayRescue = Policy == QuorumLoss.Rescue,
            Standing = stage.HasReadyService ? []
                : [SetupErrors.NoReadyService(new(new("orleans", "shop", "cluster.local"), "discovery"))],
        };
        _node = new ReplicaNode(
            replica, new NodeSettings { Around = around }, Wiring(), new Clock(stage.Time, this),
            _log.CreateLogger("node"));
        await _node.StartAsync(default);
    }

    public bool Lags(TimeSpan most) =>
        !IsDown && _node?.Status is { Phase: NodePhase.Founding or NodePhase.Joined } status
        && status.LoopAge > most;

    public bool Has(string @event, LogLevel level) =>
        Log.Any(line => line.Level == level && line.Text.StartsWith($"{@event}: "));

    public bool Finds(string kind) => Status.Findings.Any(finding => finding.Kind == kind);

    /// <summary>Its process ends without a word.</summary>
    public async Task CrashAsync()
    {
        IsDown = true;
        await Node.DisposeAsync();
    }

    public async Task<PeerReply> SendAsync(
        PeerAddress to, Envelope request, TimeSpan deadline, CancellationToken ct)
    {
        var target = stage.At(to);
        Watches(request);
        if (Breaks is { } broken) throw broken;
        if (target is null || !Meets(target) || Loses(request.Body)) return new(Delivery.TimedOut, null, "");
        if (target.IsDown || target._serve is null) return new(Delivery.Refused, null, "");
        if (target.Answers is { } outcome) return new(outcome, null, "as the test wants");
        try
        {
            var reply = await target._serve(request, ct).WaitAsync(deadline, stage.Time, ct);
            if (!Meets(target)) return new(Delivery.TimedOut, null, "");
            return reply is null ? new(Delivery.NoReply, null, "") : new(Delivery.Replied, reply, "");
        }
        catch (Exception error) when (
            error is TimeoutException || (error is OperationCanceledException && !ct.IsCancellationRequested))
        {
            return new(Delivery.TimedOut, null, "");
        }
    }

    /// <summary>As its listener does when that comes.</summary>
    public Task<Envelope?> ServeAsync(Envelope request) => _serve!(request, CancellationToken.None);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public async ValueTask EndAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
    }

    public override string ToString() =>
        $"{Member.Fqdn}: {_node?.Status.WaitingFor} "
        + string.Join(' ', _node?.Status.Findings.Select(finding => finding.Kind) ?? [])
        + string.Concat(Log.Where(line => line.Level > LogLevel.Debug).TakeLast(12)
            .Select(line => $"\n    {line.Text}"));

    private bool Meets(StagedNode other) =>
        !IsCutOff && !other.IsCutOff && Reaches(other) && other.Reaches(this);

    private NodeWiring Wiring() => new(
        (serve, _) =>
        {
            _serve = serve;
            return Task.FromResult<IAsyncDisposable>(new Listener());
        },
        this,
        _ => Task.FromResult(Sighting(node => node.IsListed)),
        Fatal.Add)
    {
        Contacts = Contacts,
        Counts = Counts,
        Operations = Operations,
        LookUpReady = stage.HasReadyService
            ? _ => Task.FromResult(Sighting(node => node is { IsListed: true, IsReady: true, IsDown: false }))
            : null,
        StopApplication = () => IsToldToStop = true,
    };

    private DnsSighting Sighting(Func<StagedNode, bool> isListed)
    {
        if (Breaks is { } broken) throw broken;
        var listed = stage.Nodes.Where(node => isListed(node) && (node == this || Sees(node)))
            .Select(node => new ListedPeer(node.Member.Fqdn, node.Member.Address));
        return new DnsSighting(
            stage.Time.GetTimestamp(), DnsFailure.Length == 0, DnsFailure.Length == 0 ? listed.ToSequence() : default,
            TimeSpan.FromSeconds(0.2), false, Diagnosis, TimeSpan.FromSeconds(Diagnosis.Length > 0 ? 10 : 0),
            DnsFailure);
    }

    /// <summary>What becomes of a lost majority here.</summary>
    internal enum QuorumLoss
    {
        Rescue,
        Wait,
    }

    private sealed class Listener : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    // The stage's clock, but for what the wall shows.
    private sealed class Clock(ManualTime time, StagedNode node) : TimeProvider
    {
        private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => time.GetTimestamp();

        public override DateTimeOffset GetUtcNow() =>
            Begin + TimeSpan.FromTicks(time.GetTimestamp()) + node.Skew;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}
