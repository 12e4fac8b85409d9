using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Simulation.Scale;

/// <summary>
/// Many silos and nothing wrong: real replicas, a network of 1 to 5 ms, and DNS that follows the pods by a second. What
/// is asked of an address without a process is silent for two seconds, as it is for a pod that is gone.
/// </summary>
internal sealed class Fleet(ulong seed)
{
    private const long FollowsAfter = 1_000;
    private const long Staleness = 1_000;
    private const long TimesOutAfter = 2_000;

    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly Dictionary<PeerAddress, ScaleSilo> _at = [];
    private readonly Dictionary<long, (ScaleSilo Asker, Send Request)> _open = [];
    private readonly WireCodec _codec = new(WireLimits.Default);
    private readonly SimRandom _random = new(seed);
    private readonly Dictionary<string, ListedPeer> _pods = [];
    private readonly Dictionary<string, ListedPeer> _ready = [];
    private readonly Queue<(ScaleSilo Silo, Input Input)> _inputs = new();
    private Sequence<ListedPeer> _listed;
    private Sequence<ListedPeer> _listedReady;
    private long _order;
    private long _handles;
    private int _addresses;

    public long Now { get; private set; }

    public long Steps { get; private set; }

    /// <summary>Spent in steps of the machine alone.</summary>
    public TimeSpan Spent { get; private set; }

    public IReadOnlyCollection<ScaleSilo> Silos => _at.Values;

    public long Random(long most) => _random.Between(0, most);

    public void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    /// <summary>A pod of that name at a new address, whose process starts at once.</summary>
    public ScaleSilo Start(string name)
    {
        var host = $"10.{++_addresses / 65_536}.{_addresses / 256 % 256}.{_addresses % 256}";
        var address = new PeerAddress(host, 11112);
        var fqdn = $"{name}.orleans.demo.svc.cluster.local";
        var nonce = new Nonce(((UInt128)_random.Bits() << 64) | _random.Bits());
        var self = new MemberId(fqdn, address, new SiloId(host, 11111, 150_000_000 + _addresses), nonce);
        var silo = new ScaleSilo(
            this, self, new Replica(new Settings(), new ClusterKey("service", "cluster"), self, _random.Bits()));
        _at[address] = silo;
        Publish(_pods, name, new ListedPeer(fqdn, address));
        Step(silo, new Tick());
        silo.Start();
        return silo;
    }

    /// <summary>Its process ends, and its pod goes.</summary>
    public void End(ScaleSilo silo)
    {
        silo.HasEnded = true;
        _at.Remove(silo.Self.Address);
        Publish(_pods, NameOf(silo), null);
        Publish(_ready, NameOf(silo), null);
    }

    public void BeReady(ScaleSilo silo) =>
        Publish(_ready, NameOf(silo), new ListedPeer(silo.Self.Fqdn, silo.Self.Address));

    /// <summary>Runs until that is so; false: it was not by then.</summary>
    public bool RunUntil(Func<bool> isSo, long time)
    {
        while (!isSo())
        {
            if (!_events.TryPeek(out _, out var next) || next.At > time)
            {
                Now = time;
                return isSo();
            }

            Now = next.At;
            _events.Dequeue()();
        }

        return true;
    }

    /// <summary>What a silo asks because of an effect comes after all of them, as in the node's loop.</summary>
    public void Step(ScaleSilo silo, Input input)
    {
        _inputs.Enqueue((silo, input));
        if (_inputs.Count > 1) return;
        while (_inputs.TryPeek(out var next))
        {
            if (!next.Silo.HasEnded) Take(next.Silo, next.Input);
            _inputs.Dequeue();
        }
    }

    private void Take(ScaleSilo silo, Input input)
    {
        Steps++;
        var begun = Stopwatch.GetTimestamp();
        var effects = silo.Replica.Step(Now, 150_000_000 + (Now / 1_000), input).ToList();
        Spent += Stopwatch.GetElapsedTime(begun);
        foreach (var effect in effects) Carry(silo, effect);
        ScheduleTick(silo);
    }

    private void Carry(ScaleSilo silo, Effect effect)
    {
        switch (effect)
        {
            case Send { Handle: 0 } request: Ask(silo, request); break;
            case Send reply: Answer(silo, reply); break;
            case LookUp: LookUp(silo); break;
            case Answered answered: silo.OnAnswered(answered); break;
            case ReadAnswered read: silo.OnRead(read); break;
            case EndProcess end: throw new SimulationFailedException("I8", $"{silo.Self} is to end: {end.Text}");
        }
    }

    private void Ask(ScaleSilo asker, Send request)
    {
        var handle = ++_handles;
        var size = _codec.Encode(request.Envelope).Length;
        asker.Traffic.Count(size);
        _open[handle] = (asker, request);
        At(Now + Delay(), () =>
        {
            if (!_at.TryGetValue(request.To, out var receiver)) return;
            receiver.Traffic.Count(size);
            Step(receiver, new Received(handle, request.Envelope));
        });
        At(Now + TimesOutAfter, () =>
        {
            if (_open.Remove(handle)) Step(asker, new Undelivered(request.To, request.Envelope.To, false));
        });
    }

    private void Answer(ScaleSilo sender, Send reply)
    {
        if (!_open.TryGetValue(reply.Handle, out var open)) return;
        var size = _codec.Encode(reply.Envelope).Length;
        sender.Traffic.Count(size);
        At(Now + Delay(), () =>
        {
            if (!_open.Remove(reply.Handle)) return;
            open.Asker.Traffic.Count(size);
            Step(open.Asker, new Received(0, reply.Envelope));
        });
    }

    private void LookUp(ScaleSilo silo)
    {
        silo.Traffic.CountLookUp();
        var (asked, listed, ready) = (Now, _listed, _listedReady);
        At(Now + Delay(), () =>
        {
            Step(silo, new Viewed(new View(asked, listed.Count > 0, listed, Staleness)));
            Step(silo, new ViewedReady(new View(asked, ready.Count > 0, ready, Staleness)));
        });
    }

    private void ScheduleTick(ScaleSilo silo)
    {
        var due = Math.Max(Now + 1, silo.Replica.NextDue);
        if (due >= silo.TickAt && silo.TickAt > Now) return;
        silo.TickAt = due;
        At(due, () =>
        {
            if (silo.TickAt > Now || silo.HasEnded) return;
            silo.TickAt = long.MaxValue;
            Step(silo, new Tick());
        });
    }

    private void Publish(Dictionary<string, ListedPeer> service, string name, ListedPeer? peer) =>
        At(Now + FollowsAfter, () =>
        {
            if (peer is { } listed) service[name] = listed;
            else service.Remove(name);
            (_listed, _listedReady) = (_pods.Values.ToSequence(), _ready.Values.ToSequence());
        });

    private long Delay() => _random.Between(1, 5);

    private static string NameOf(ScaleSilo silo) => silo.Self.Fqdn.Split('.')[0];
}
