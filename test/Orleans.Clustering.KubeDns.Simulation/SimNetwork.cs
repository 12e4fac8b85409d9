using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Loses, delays, duplicates and reorders requests and replies. A closed port refuses; an address without a pod, a
/// partition and a paused process are silent.
/// </summary>
internal sealed class SimNetwork(World world, SimRandom random, FaultPlan plan)
{
    private const long TimesOutAfter = 2_000;

    private readonly Dictionary<long, (SimProcess Asker, Send Request)> _open = [];
    private readonly HashSet<(PeerAddress, PeerAddress)> _cut = [];
    private readonly HashSet<PeerAddress> _severed = [];
    private readonly Dictionary<(PeerAddress, PeerAddress), long> _rejectedAt = [];
    private readonly Dictionary<(PeerAddress, PeerAddress), long> _troubledAt = [];
    private long _handles;

    public bool IsWhole { get; set; }

    public void Cut(PeerAddress from, PeerAddress to) => _cut.Add((from, to));

    public void Heal() => _cut.Clear();

    /// <summary>Cut off from everybody.</summary>
    public void Sever(PeerAddress address) => _severed.Add(address);

    public void Unsever(PeerAddress address) => _severed.Remove(address);

    public bool IsSevered(PeerAddress address) => _severed.Contains(address) || world.IsOnLostNode(address);

    private bool Forked(PeerAddress address) => world.Dns.Fork.Contains(address);

    /// <summary>Whose requests to whom are refused although it lives; one pair at most.</summary>
    public (PeerAddress From, PeerAddress To)? Rejected { get; set; }

    /// <summary>When a request from there to there was last refused on behalf of somebody.</summary>
    public long RejectedAt(PeerAddress from, PeerAddress to) =>
        _rejectedAt.GetValueOrDefault((from, to), long.MinValue / 2);

    /// <summary>Whether all between these two came through at once, both ways, since then.</summary>
    public bool WasClean(PeerAddress one, PeerAddress other, long since) =>
        !IsCut(one, other) && !IsCut(other, one)
        && _troubledAt.GetValueOrDefault((one, other), -1) < since
        && _troubledAt.GetValueOrDefault((other, one), -1) < since;

    public void Send(SimProcess sender, Send send)
    {
        if (send.Handle == 0) Ask(sender, send);
        else Answer(sender, send);
    }

    private void Ask(SimProcess sender, Send send)
    {
        var handle = ++_handles;
        _open[handle] = (sender, send);
        world.At(world.Now + TimesOutAfter, () => Fail(handle, refused: false));
        if (Rejected == (sender.Pod.Address, send.To))
        {
            _rejectedAt[(sender.Pod.Address, send.To)] = world.Now;
            world.At(world.Now + Quick(), () => Fail(handle, refused: true));
            return;
        }

        if (IsLost(sender.Pod.Address, send.To)) return;
        var copies = !IsWhole && random.Chance(plan.Duplication) ? 2 : 1;
        for (var i = 0; i < copies; i++)
            world.At(world.Now + Delay(sender.Pod.Address, send.To), () => Deliver(handle, send));
    }

    private void Deliver(long handle, Send send)
    {
        if (world.ProcessAt(send.To) is { } receiver)
        {
            if (IsOff(receiver)) return;
            world.WhenRunning(receiver, () => world.Step(receiver, new Received(handle, send.Envelope)));
        }
        else if (world.IsDark(send.To))
            return;
        else if (!world.IsDeleted(send.To))
            world.At(world.Now + Quick(), () => Fail(handle, refused: true));
        else if (world.Strangers.Contains(send.To))
            world.At(world.Now + Quick(), () => BeForeign(handle));
    }

    private void BeForeign(long handle)
    {
        if (!_open.Remove(handle, out var open)) return;
        var (asker, to) = (open.Asker, open.Request.To);
        var stranger = new MemberId("other", to, new SiloId(to.Host, 11111, 1), new Nonce(1));
        var reply = new Envelope(
            new ClusterKey("other", "cluster"), stranger, asker.Self.Nonce, Guid.Empty, default,
            new Foreign((open.Request.Envelope.Body as Greet)?.SentAt ?? 0));
        world.WhenRunning(asker, () => world.Step(asker, new Received(0, reply)));
    }

    // The reply comes back on the asker's own connection: a process that started since never sees it.
    private void Answer(SimProcess sender, Send send)
    {
        if (!_open.TryGetValue(send.Handle, out var open) || IsLost(sender.Pod.Address, send.To)) return;
        world.At(world.Now + Delay(sender.Pod.Address, send.To), () =>
        {
            if (IsOff(open.Asker) || !_open.Remove(send.Handle)) return;
            world.WhenRunning(open.Asker, () => world.Step(open.Asker, new Received(0, send.Envelope)));
        });
    }

    private void Fail(long handle, bool refused)
    {
        if (!_open.Remove(handle, out var open)) return;
        world.WhenRunning(open.Asker, () => world.Step(
            open.Asker, new Undelivered(open.Request.To, open.Request.Envelope.To, refused)));
    }

    // A machine that is suspended takes no packet in; a process that is stopped finds all of them when it goes on.
    private bool IsOff(SimProcess process) => process.IsSuspended && process.PausedUntil > world.Now;

    private bool IsLost(PeerAddress from, PeerAddress to)
    {
        if (!IsCut(from, to) && (IsWhole || !random.Chance(plan.Loss))) return false;
        _troubledAt[(from, to)] = world.Now;
        return true;
    }

    private bool IsCut(PeerAddress from, PeerAddress to) =>
        Forked(from) != Forked(to) || IsSevered(from) || IsSevered(to) || _cut.Contains((from, to));

    private long Delay(PeerAddress from, PeerAddress to)
    {
        if (IsWhole || plan.SlowTail == 0 || !random.Chance(0.05)) return Quick();
        _troubledAt[(from, to)] = world.Now + plan.SlowTail;
        return random.Between(20, plan.SlowTail);
    }

    private long Quick() => random.Between(1, 12);
}
