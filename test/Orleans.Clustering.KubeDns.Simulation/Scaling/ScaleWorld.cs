using System.Diagnostics;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>
/// Many silos and no faults: the real replicas in one thread, over a network that loses nothing and counts everything.
/// Messages are measured by the real codec; nothing is checked here at every step, since a thousand silos would not
/// come to an end. (Rules are checked by <see cref="World"/>, on small clusters.)
/// </summary>
internal sealed class ScaleWorld(ulong seed)
{
    /// <summary>As the default of CoreDNS: answers are cached for so long.</summary>
    public const long DnsTtl = 5_000;

    private const long TimesOutAfter = 2_000;

    private readonly Timeline _timeline = new();
    private readonly Dictionary<PeerAddress, ScaleSilo> _silos = [];
    private readonly Dictionary<long, (ScaleSilo Asker, ScaleSilo Asked, Send Request)> _open = [];
    private readonly HashSet<ListedPeer> _published = [];
    private readonly WireCodec _codec = new(WireLimits.Default);
    private (long At, Sequence<ListedPeer> Listed) _answer = (-DnsTtl, default);
    private long _handles;
    private int _started;

    public SimRandom Random { get; } = new(seed);

    public long Now => _timeline.Now;

    public IReadOnlyCollection<ScaleSilo> Silos => _silos.Values;

    /// <summary>What was counted since the last <see cref="Measure"/>.</summary>
    public Traffic Total { get; private set; } = new();

    /// <summary>The newest state that anybody applied.</summary>
    public ClusterState? Newest { get; private set; }

    /// <summary>How often the machine said each event.</summary>
    public Dictionary<string, int> Happened { get; } = [];

    public void At(long time, Action action) => _timeline.At(time, action);

    /// <summary>Counts anew, everywhere.</summary>
    public void Measure()
    {
        Total = new Traffic();
        foreach (var silo in _silos.Values) silo.Traffic = new Traffic();
    }

    public void RunUntil(long time)
    {
        var isMore = true;
        while (isMore) isMore = _timeline.TryNext(time);
        _timeline.PassTo(time);
    }

    /// <summary>A pod with an address of its own is listed and its process starts.</summary>
    public ScaleSilo Start()
    {
        var number = ++_started;
        var address = new PeerAddress($"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}", 11112);
        var fqdn = $"silo-{number:D5}.orleans.demo.svc.cluster.local";
        var nonce = new Nonce(((UInt128)Random.Bits() << 64) | Random.Bits());
        var self = new MemberId(fqdn, address, new SiloId(address.Host, 11111, 150_000_000 + number), nonce);
        var replica = new Replica(new Settings(), new ClusterKey("shop", "prod"), self, Random.Bits());
        var silo = new ScaleSilo(this, replica);
        _silos[address] = silo;
        _published.Add(new ListedPeer(fqdn, address));
        Step(silo, new Tick());
        return silo;
    }

    /// <summary>The process has ended, and its pod is gone.</summary>
    public void End(ScaleSilo silo)
    {
        silo.HasEnded = true;
        _silos.Remove(silo.Self.Address);
        _published.Remove(new ListedPeer(silo.Self.Fqdn, silo.Self.Address));
        foreach (var (handle, open) in _open.ToList())
        {
            if (open.Asker == silo) _open.Remove(handle);
            else if (open.Asked == silo) At(Now + TimesOutAfter, () => Fail(handle));
        }
    }

    public void Step(ScaleSilo silo, Input input)
    {
        if (silo.HasEnded) return;
        var begun = Stopwatch.GetTimestamp();
        var effects = silo.Replica.Step(Now, 150_000_000 + (Now / 1000), input);
        var taken = Stopwatch.GetTimestamp() - begun;
        Total.Step(input, taken);
        silo.Traffic.Step(input, taken);
        foreach (var effect in effects) Carry(silo, effect);
        ScheduleTick(silo);
    }

    private void Carry(ScaleSilo silo, Effect effect)
    {
        switch (effect)
        {
            case Send { Handle: 0 } ask: Ask(silo, ask); break;
            case Send reply: Answer(silo, reply); break;
            case Answered answered: silo.OnAnswered(answered); break;
            case ReadAnswered read: silo.OnRead(read.Ticket, read.State); break;
            case LookUp: LookUpFor(silo); break;
            case Consensus.Trace trace: Happened[trace.Event] = Happened.GetValueOrDefault(trace.Event) + 1; break;
            case EndProcess end: throw new SimulationFailedException("I8", $"{silo.Self} ends without a fault: {end}");
            case Committed { State: var state }:
                if (Newest is null || state.Index > Newest.Index) Newest = state;
                silo.OnLearned(state.Table.Version);
                break;
        }
    }

    private void Ask(ScaleSilo silo, Send send)
    {
        Count(silo, send);
        At(Now + Random.Between(1, 12), () =>
        {
            if (!_silos.TryGetValue(send.To, out var receiver))
            {
                At(Now + TimesOutAfter, () => Step(silo, new Undelivered(send.To, send.Envelope.To, false)));
                return;
            }

            _open[++_handles] = (silo, receiver, send);
            Step(receiver, new Received(_handles, send.Envelope));
        });
    }

    private void Answer(ScaleSilo silo, Send send)
    {
        if (!_open.Remove(send.Handle, out var open)) return;
        Count(silo, send);
        At(Now + Random.Between(1, 12), () => Step(open.Asker, new Received(0, send.Envelope)));
    }

    private void Fail(long handle)
    {
        if (_open.Remove(handle, out var open))
            Step(open.Asker, new Undelivered(open.Request.To, open.Request.Envelope.To, false));
    }

    // Who receives pays as well: the traffic of a silo is both of its directions.
    private void Count(ScaleSilo sender, Send send)
    {
        var bytes = _codec.Encode(send.Envelope).Length;
        Total.Message(send.Envelope.Body, bytes);
        sender.Traffic.Message(send.Envelope.Body, bytes);
        if (_silos.TryGetValue(send.To, out var receiver)) receiver.Traffic.Message(send.Envelope.Body, bytes);
    }

    private void LookUpFor(ScaleSilo silo)
    {
        Total.LookUps++;
        silo.Traffic.LookUps++;
        var asked = Now;
        if (_answer.At <= Now - DnsTtl)
            _answer = (Now, _published.OrderBy(peer => peer.Fqdn, StringComparer.Ordinal).ToSequence());
        var listed = _answer.Listed;
        At(Now + Random.Between(1, 30), () =>
            Step(silo, new Viewed(new View(asked, listed.Count > 0, listed, DnsTtl + 1_000))));
    }

    private void ScheduleTick(ScaleSilo silo)
    {
        var due = Math.Max(Now + 1, silo.Replica.NextDue);
        if (due >= silo.TickAt && silo.TickAt > Now) return;
        silo.TickAt = due;
        At(due, () =>
        {
            if (silo.TickAt != Now) return;
            silo.TickAt = long.MaxValue;
            Step(silo, new Tick());
        });
    }
}
