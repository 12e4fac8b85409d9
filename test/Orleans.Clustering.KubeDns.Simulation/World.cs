using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// A cluster in one thread: real replicas, and everything around them simulated. Events happen in the order of their
/// times; nothing else moves.
/// </summary>
internal sealed class World
{
    private const int MostSteps = 150_000;

    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly SimRandom _random;
    private readonly Dictionary<SimProcess, SimSilo> _silos = [];
    private readonly List<SimProcess> _alive = [];
    private readonly TextWriter? _trace;
    private long _order;
    private int _processes;

    public World(ulong seed, TextWriter? trace = null)
    {
        _trace = trace;
        _random = new SimRandom(seed);
        Plan = FaultPlan.Draw(_random);
        Dns = new SimDns(_random, Plan);
        Checkers = new Checkers(this);
        Network = new SimNetwork(this, _random, Plan);
        trace?.WriteLine($"# seed {seed}: {Plan}");
    }

    public FaultPlan Plan { get; }

    public SimDns Dns { get; }

    public SimNetwork Network { get; }

    public Checkers Checkers { get; }

    public long Now { get; private set; }

    public int Steps { get; private set; }

    /// <summary>How often each event was said: what the run covered.</summary>
    public Dictionary<string, int> Happened { get; } = [];

    public ulong TraceHash { get; private set; } = 14695981039346656037;

    public IReadOnlyList<SimProcess> Alive => _alive;

    public List<Pod> Pods { get; } = [];

    /// <summary>Addresses at which a process of another cluster listens.</summary>
    public HashSet<PeerAddress> Strangers { get; } = [];

    public IReadOnlyDictionary<SimProcess, SimSilo> Silos => _silos;

    public bool IsAlive(MemberId member) => _alive.Exists(process => process.Self == member);

    public SimProcess? ProcessAt(PeerAddress address) => _alive.Find(process => process.Pod.Address == address);

    public bool IsDeleted(PeerAddress address) => !Pods.Exists(pod => pod.Address == address && !pod.IsDeleted);

    public void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    /// <summary>Runs until that moment, or until the steps are used up.</summary>
    public void RunUntil(long time)
    {
        while (Steps < MostSteps && _events.TryPeek(out _, out var next) && next.At <= time)
        {
            Now = next.At;
            _events.Dequeue()();
        }

        Now = Math.Max(Now, Math.Min(time, Steps < MostSteps ? time : Now));
    }

    public bool IsUsedUp => Steps >= MostSteps;

    public Pod AddPod(string name, string host)
    {
        var pod = new Pod(name, new PeerAddress(host, 11112));
        Strangers.Remove(pod.Address);
        Pods.Add(pod);
        At(Now + _random.Between(0, Plan.PublishLag), () =>
        {
            if (!pod.IsDeleted) Dns.Publish(Now, new ListedPeer(pod.Fqdn, pod.Address));
        });
        return pod;
    }

    /// <summary>Starts a process in a pod, with a nonce of its own: it knows of no earlier one's promises.</summary>
    public void StartProcess(Pod pod)
    {
        var nonce = new Nonce(((UInt128)_random.Bits() << 64) | _random.Bits());
        var silo = new SiloId(pod.Address.Host, 11111, (int)(150_000_000 + (Now / 1000) + _processes));
        var self = new MemberId(pod.Fqdn, pod.Address, silo, nonce);
        var settings = new Settings
        {
            MinimumSilos = Plan.MinimumSilos, MaxVoters = Plan.MaxVoters, MayRescue = false,
        };
        var replica = new Replica(settings, new ClusterKey("service", "cluster"), self, _random.Bits());
        var process = new SimProcess(
            pod, self, replica, ++_processes, Now, _random.Between(0, 1_000_000), _random.Between(-3, 3));
        pod.Process = process;
        _alive.Add(process);
        _silos[process] = new SimSilo(this, process, Checkers, _random);
        Say(process, "Started", pod.Address.ToString());
        Step(process, new Tick());
        _silos[process].Start();
    }

    public void EndProcess(SimProcess process, string how)
    {
        if (!process.IsAlive) return;
        Say(process, how, "");
        process.IsAlive = false;
        _alive.Remove(process);
    }

    /// <summary>Runs it now, or when its process goes on.</summary>
    public void WhenRunning(SimProcess process, Action action)
    {
        if (!process.IsAlive) return;
        if (process.PausedUntil > Now) At(process.PausedUntil, () => WhenRunning(process, action));
        else action();
    }

    /// <summary>One step of one replica, its effects, and every check.</summary>
    public void Step(SimProcess process, Input input)
    {
        if (!process.IsAlive) return;
        Steps++;
        foreach (var effect in process.Replica.Step(process.LocalTime(Now), process.Wall(Now), input))
            Carry(process, effect);
        Checkers.OnStep(_alive, Dns);
        ScheduleTick(process);
    }

    public void Say(SimProcess process, string name, string text)
    {
        Mix(name);
        Happened[name] = Happened.GetValueOrDefault(name) + 1;
        _trace?.WriteLine($"{Now,8} {process} {name} {text}");
    }

    private void Carry(SimProcess process, Effect effect)
    {
        switch (effect)
        {
            case Send send:
                Mix(send.Envelope.Body.GetType().Name);
                Checkers.OnSent(process, send.Envelope);
                Network.Send(process, send);
                break;
            case Committed committed:
                var (index, version) = (committed.State.Index, committed.State.Table.Version);
                Say(process, "Committed", $"{index} v{version} {committed.Command}");
                Checkers.OnCommitted(process, committed);
                break;
            case Answered answered: _silos[process].OnAnswered(answered); break;
            case ReadAnswered read: _silos[process].OnRead(read); break;
            case Consensus.LookUp: AskDns(process); break;
            case Trace trace:
                Say(process, trace.Event, trace.Text);
                Checkers.OnTrace(process, trace, _alive);
                break;
        }
    }

    private void AskDns(SimProcess process)
    {
        var asked = Now;
        var askedLocal = process.LocalTime(Now);
        At(Now + _random.Between(1, 30), () => WhenRunning(process, () =>
            Step(process, new Viewed(Dns.Answer(process.Pod, asked, Now, askedLocal)))));
    }

    private void ScheduleTick(SimProcess process)
    {
        var due = Math.Max(Now + 1, process.WorldTime(process.Replica.NextDue));
        if (due >= process.TickAt && process.TickAt > Now) return;
        process.TickAt = due;
        At(due, () => WhenRunning(process, () =>
        {
            if (process.TickAt > Now) return;
            process.TickAt = long.MaxValue;
            Step(process, new Tick());
        }));
    }

    private void Mix(string text)
    {
        foreach (var each in text) TraceHash = (TraceHash ^ each) * 1099511628211;
        TraceHash = (TraceHash ^ (ulong)Now) * 1099511628211;
    }
}
