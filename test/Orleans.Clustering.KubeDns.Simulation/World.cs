using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Simulation.Linearizability;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// A cluster in one thread: real replicas, and everything around them simulated. Events happen in the order of their
/// times; nothing else moves.
/// </summary>
internal sealed class World
{
    private const int MostSteps = 400_000;
    private const long SilentAfter = 3_000;

    private readonly Timeline _timeline = new();
    private readonly Queue<(SimProcess Process, Input Input)> _inputs = new();
    private readonly SimRandom _random;
    private readonly Dictionary<SimProcess, SimSilo> _silos = [];
    private readonly Dictionary<Nonce, SimProcess> _everybody = [];
    private readonly List<SimProcess> _alive = [];
    private readonly TextWriter? _trace;
    private int _processes;

    public World(ulong seed, TextWriter? trace = null)
    {
        _trace = trace;
        _random = new SimRandom(seed);
        Plan = FaultPlan.Draw(seed, _random);
        Dns = new SimDns(_random, Plan, Plan.Staleness);
        Ready = new SimDns(_random, Plan, Plan.ReadyStaleness);
        Nodes = Enumerable.Range(0, Plan.Nodes).Select(i => new Node($"node-{i}")).ToList();
        Kubelet = new Kubelet(this, _random);
        Checkers = new Checkers(this);
        Network = new SimNetwork(this, _random, Plan);
        trace?.WriteLine($"# seed {seed}: {Plan}");
    }

    public FaultPlan Plan { get; }

    public SimDns Dns { get; }

    /// <summary>The ready service.</summary>
    public SimDns Ready { get; }

    public Kubelet Kubelet { get; }

    /// <summary>Whoever wants to act on what a process does.</summary>
    public Action<SimProcess, Trace> OnTrace { get; set; } = (_, _) => { };

    /// <summary>Whoever wants to act on what a process says.</summary>
    public Action<SimProcess, Envelope> OnSent { get; set; } = (_, _) => { };

    /// <summary>A process finds that it was voted out.</summary>
    public Action<SimProcess> OnEvicted { get; set; } = _ => { };

    /// <summary>A process must end, as the machine says.</summary>
    public Action<SimProcess, EndProcess> OnEnd { get; set; } = (_, _) => { };

    public SimNetwork Network { get; }

    public Checkers Checkers { get; }

    /// <summary>The operations of the beginning, for the second judge of them.</summary>
    public Calls Calls { get; } = new();

    public long Now => _timeline.Now;

    public int Steps { get; private set; }

    /// <summary>How often each event was said: what the run covered.</summary>
    public Dictionary<string, int> Happened { get; } = [];

    public ulong TraceHash { get; private set; } = 14695981039346656037;

    public IReadOnlyList<SimProcess> Alive => _alive;

    public List<Pod> Pods { get; } = [];

    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Addresses at which a process of another cluster listens.</summary>
    public HashSet<PeerAddress> Strangers { get; } = [];

    public IReadOnlyDictionary<SimProcess, SimSilo> Silos => _silos;

    public bool IsAlive(MemberId member) => _alive.Exists(process => process.Self == member);

    /// <summary>The process of that nonce, also if it has ended.</summary>
    public SimProcess? ProcessOf(Nonce nonce) => _everybody.GetValueOrDefault(nonce);

    public SimProcess? ProcessAt(PeerAddress address) => _alive.Find(process => process.Pod.Address == address);

    public bool IsDeleted(PeerAddress address) =>
        !Pods.Exists(pod => pod.Address == address && (!pod.IsDeleted || pod is { IsForgotten: true, IsAlive: true }));

    /// <summary>Whether a pod is there that never got as far as a network.</summary>
    public bool IsDark(PeerAddress address) =>
        Pods.Exists(pod => pod.Address == address && pod is { IsDeleted: false, IsDark: true });

    public bool IsOnLostNode(PeerAddress address) =>
        Nodes.Any(node => node.IsLost)
        && Pods.Exists(pod => pod.Address == address && pod.Node.IsLost && (!pod.IsDeleted || pod.IsAlive));

    /// <summary>Whether somebody that lives has given no sign of it for long.</summary>
    public bool IsSilent(SimProcess process) =>
        (process.PausedUntil > Now && Now > process.PausedAt + SilentAfter)
        || (process.Pod.Node.IsLost && Now > process.Pod.Node.LostAt + SilentAfter)
        || process.Pod.IsForgotten;

    public void At(long time, Action action) => _timeline.At(time, action);

    /// <summary>Runs until that moment, or until the steps are used up.</summary>
    public void RunUntil(long time)
    {
        var isMore = true;
        while (!IsUsedUp && isMore) isMore = _timeline.TryNext(time);
        if (!IsUsedUp) _timeline.PassTo(time);
    }

    public bool IsUsedUp => Steps >= MostSteps;

    public Pod AddPod(string name, string host)
    {
        var whole = Nodes.Where(node => !node.IsLost).ToList();
        var pod = new Pod(name, new PeerAddress(host, 11112), _random.Pick(whole.Count > 0 ? whole : Nodes));
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
        var settings = Plan.Settings() with { FailureDomain = Plan.HasDomains ? pod.Node.Name : "" };
        var replica = new Replica(settings, new ClusterKey("service", "cluster"), self, _random.Bits());
        var process = new SimProcess(
            pod, self, replica, ++_processes, Now, _random.Between(0, 1_000_000), _random.Between(-3, 3));
        pod.Process = process;
        pod.Starts++;
        _alive.Add(process);
        _everybody[nonce] = process;
        _silos[process] = new SimSilo(this, process, Checkers, _random);
        Say(process, "Started", pod.Address.ToString());
        Step(process, new Tick());
        _silos[process].Start();
    }

    public void EndProcess(SimProcess process, string how)
    {
        if (!process.IsAlive) return;
        Say(process, how, "");
        (process.IsAlive, process.EndedAt) = (false, Now);
        _alive.Remove(process);
    }

    /// <summary>Runs it now, or when its process goes on.</summary>
    public void WhenRunning(SimProcess process, Action action)
    {
        if (!process.IsAlive) return;
        if (process.PausedUntil <= Now && process.Sleeping.Count == 0)
        {
            process.GoOn(Now);
            action();
            return;
        }

        process.Sleeping.Enqueue(action);
        At(process.PausedUntil, () => Wake(process));
    }

    /// <summary>What waited for a paused process happens now, in the order in which it came, if it goes on.</summary>
    public void Wake(SimProcess process)
    {
        if (process.PausedUntil <= Now) process.GoOn(Now);
        while (process.IsAlive && process.PausedUntil <= Now && process.Sleeping.TryDequeue(out var action)) action();
    }

    /// <summary>
    /// One step of one replica, its effects, and every check. What a silo asks because of an effect comes after all of
    /// them, as in the node's loop: else it would be judged before what was decided in the same step is known.
    /// </summary>
    public void Step(SimProcess process, Input input)
    {
        _inputs.Enqueue((process, input));
        if (_inputs.Count > 1) return;
        while (_inputs.TryPeek(out var next))
        {
            Take(next.Process, next.Input);
            _inputs.Dequeue();
        }
    }

    private void Take(SimProcess process, Input input)
    {
        if (!process.IsAlive) return;
        Steps++;
        var greeted = input is Received { Envelope: { Body: Greeting, From: var from } } ? from : null;
        var known = greeted is null ? null : process.Replica.Contacts.GetValueOrDefault(greeted.Address)?.Member;
        foreach (var effect in process.Replica.Step(process.LocalTime(Now), process.Wall(Now), input))
            Carry(process, effect, isOwn: input is not Received { Envelope.Body: ReadDone });
        if (greeted is not null) Checkers.Lives.OnGreeted(process, known, greeted.Address);
        Checkers.OnStep();
        ScheduleTick(process);
    }

    public void Say(SimProcess process, string name, string text)
    {
        Mix(name);
        Count(name);
        _trace?.WriteLine($"{Now,8} {process} {name} {text}");
    }

    /// <summary>What happens to no process in particular.</summary>
    public void Say(string name, string text)
    {
        Mix(name);
        Count(name);
        _trace?.WriteLine($"{Now,8} {name} {text}");
    }

    /// <summary>For the reader of a trace only.</summary>
    public void Note(SimProcess process, string text) => _trace?.WriteLine($"{Now,8} {process} . {text}");

    private void Count(string name) => Happened[name] = Happened.GetValueOrDefault(name) + 1;

    private void Carry(SimProcess process, Effect effect, bool isOwn)
    {
        switch (effect)
        {
            case Send send:
                Mix(send.Envelope.Body.GetType().Name);
                if (send.Envelope.Body is FoundRefused) Count("FoundingDuel");
                Checkers.OnSent(process, send.Envelope);
                Network.Send(process, send);
                OnSent(process, send.Envelope);
                break;
            case Committed committed:
                var (index, version) = (committed.State.Index, committed.State.Table.Version);
                Say(process, "Committed", $"{index} v{version} {committed.Command}");
                Coverage.Of(committed, _silos[process], Count);
                Calls.OnCommitted(committed);
                Checkers.OnCommitted(process, committed);
                break;
            case Answered answered: _silos[process].OnAnswered(answered); break;
            case ReadAnswered read: _silos[process].OnRead(read, isOwn); break;
            case Consensus.LookUp: AskDns(process); break;
            case EndProcess end: OnEnd(process, end); break;
            case Trace trace:
                Say(process, trace.Event, trace.Text);
                if (Coverage.RuleOf(trace) is { } rule) Count($"Ended{rule}");
                Checkers.OnTrace(process, trace);
                OnTrace(process, trace);
                break;
        }
    }

    private void AskDns(SimProcess process)
    {
        AskDns(process, Dns, view => new Viewed(view));
        if (Plan.HasReady) AskDns(process, Ready, view => new ViewedReady(view));
    }

    // The answer is as old as when it was given, however long its asker sleeps over it.
    private void AskDns(SimProcess process, SimDns service, Func<View, Input> inputOf)
    {
        var asked = Now;
        var askedLocal = process.LocalTime(Now);
        At(Now + _random.Between(1, 30), () =>
        {
            var isCutOff = process.Pod.Node is { IsLost: true, HasDns: false };
            var view = service.Answer(process.Pod, asked, Now, askedLocal, isCutOff);
            WhenRunning(process, () => Step(process, inputOf(view)));
        });
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
