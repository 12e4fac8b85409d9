using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>A message between two replicas: request or reply.</summary>
internal sealed record Letter(MemberId From, PeerAddress To, long Handle, bool IsReply, Envelope Envelope)
{
    public Message Body => Envelope.Body;
}

/// <summary>
/// Real replicas in one thread; their messages take a millisecond and go through the test's hands, which may drop or
/// hold them. DNS lists what the test lists. The same calls give the same run.
/// </summary>
internal sealed class HandDelivery
{
    private const long TimesOutAfter = 2_000;

    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly Dictionary<long, (Silo Asker, Send Request, long SentAt)> _open = [];
    private readonly Dictionary<PeerAddress, string> _names = [];
    private readonly List<Letter> _held = [];
    private long _order;
    private long _handles;
    private long _tickets;

    public long Now { get; private set; } = 1_000;

    public Settings Settings { get; set; } = new() { FirstVersion = 0 };

    public Dictionary<PeerAddress, Silo> Up { get; } = [];

    public HandDns Dns { get; } = new();

    public HandNetwork Network { get; } = new();

    /// <summary>Messages for which this holds are lost.</summary>
    public Func<Letter, bool> Drops { get; set; } = _ => false;

    /// <summary>Messages for which this holds wait until they are released.</summary>
    public Func<Letter, bool> Holds { get; set; } = _ => false;

    /// <summary>What every replica said, and what every message was.</summary>
    public RunLines Lines { get; } = new();

    public Silo Start(MemberId self) => Start(self, Given.Key);

    /// <summary>The same, of the cluster of that key.</summary>
    public Silo Start(MemberId self, ClusterKey key)
    {
        var seed = (ulong)(self.Nonce.Value >> 64) + (ulong)self.Nonce.Value;
        var silo = new Silo(self, new Replica(Settings, key, self, seed));
        Up[self.Address] = silo;
        _names[self.Address] = silo.ToString();
        if (key == Given.Key && !Dns.Listed.Exists(listed => listed.Address == self.Address))
            Dns.Listed.Add(new(self.Fqdn, self.Address));
        Step(silo, new Tick());
        return silo;
    }

    /// <summary>The process ends; its port refuses from now on.</summary>
    public void Kill(Silo silo, string how = "Killed")
    {
        Lines.Fate(Now, silo.ToString(), how);
        Up.Remove(silo.Self.Address);
    }

    /// <summary>It does nothing from now on; what comes in waits for it.</summary>
    public void Pause(Silo silo)
    {
        Lines.Fate(Now, silo.ToString(), "Paused");
        silo.Missed = [];
    }

    public void Resume(Silo silo)
    {
        Lines.Fate(Now, silo.ToString(), "Resumed");
        var missed = silo.Missed!;
        silo.Missed = null;
        silo.TickAt = Now;
        foreach (var input in missed) Step(silo, input);
        Step(silo, new Tick());
    }

    public void Release()
    {
        Holds = _ => false;
        foreach (var letter in _held) Deliver(letter);
        _held.Clear();
    }

    public void Run(long ms) => RunUntil(() => false, ms);

    /// <summary>Runs until it holds; fails if it does not within that time.</summary>
    public void Until(Func<bool> holds, long within = 30_000)
    {
        if (!RunUntil(holds, within)) throw new InvalidOperationException($"not within {within} ms");
    }

    /// <summary>Asks for an operation; its outcome comes to stand in <see cref="Silo.Outcomes"/>.</summary>
    public long Write(Silo silo, TableCommand change)
    {
        Step(silo, new AskWrite(++_tickets, change, Now + 5_000));
        return _tickets;
    }

    public long Read(Silo silo)
    {
        Step(silo, new AskRead(++_tickets, Now + 3_000));
        return _tickets;
    }

    /// <summary>Inserts a silo's own row as Active, as often as it takes.</summary>
    public void Join(Silo silo)
    {
        Until(() => silo.Replica.State is not null);
        while (silo.Replica.State!.Table.RowOf(silo.Self) is null)
        {
            var ticket = Write(silo, Given.Insert(silo.Self, silo.Replica.State.Tag));
            Until(() => silo.Outcomes.ContainsKey(ticket));
        }
    }

    /// <summary>Its last write: its own row, Dead.</summary>
    public void End(Silo silo)
    {
        while (silo.State.Table.RowOf(silo.Self) is { State: not SiloState.Dead } row)
        {
            var last = row with { State = SiloState.Dead };
            var ticket = Write(silo, new UpdateRow(last, new RowTag(silo.State.Epoch, row.WrittenAt), silo.State.Tag));
            Until(() => silo.Outcomes.ContainsKey(ticket));
        }
    }

    public void Leave(Silo silo) => Step(silo, new Leave());

    private bool RunUntil(Func<bool> holds, long ms)
    {
        var until = Now + ms;
        while (!holds())
        {
            if (!_events.TryPeek(out _, out var next) || next.At > until)
            {
                Now = until;
                return holds();
            }

            Now = next.At;
            _events.Dequeue()();
        }

        return true;
    }

    private void Step(Silo silo, Input input)
    {
        if (Up.GetValueOrDefault(silo.Self.Address) != silo) return;
        if (silo.Missed is { } missed)
        {
            if (input is not Tick) missed.Add(input);
            return;
        }

        foreach (var effect in silo.Replica.Step(Now, Now / 1000, input)) Carry(silo, effect);
        var due = Math.Max(Now + 1, silo.Replica.NextDue);
        if (due >= silo.TickAt && silo.TickAt > Now) return;
        silo.TickAt = due;
        At(due, () =>
        {
            if (silo.TickAt == Now) Step(silo, new Tick());
        });
    }

    private void Carry(Silo silo, Effect effect)
    {
        switch (effect)
        {
            case Send send: Take(silo, send); break;
            case LookUp: LookUpFor(silo); break;
            case Answered answered: silo.Outcomes[answered.Ticket] = answered.Answer; break;
            case ReadAnswered read: silo.Reads[read.Ticket] = read.State; break;
            case Trace trace: Lines.Trace(Now, silo.ToString(), trace); break;
            case Committed { Command: { } command } committed:
                Lines.Committed(Now, silo.ToString(), command, committed.State);
                break;
            case EndProcess end: Kill(silo, $"Ends {end.Reason}"); break;
        }
    }

    private void LookUpFor(Silo silo)
    {
        if (silo.Replica.Key != Given.Key) return;
        At(Now + 1, () => Step(silo, new Viewed(Dns.Discovery(silo.Self.Address, Now - 1))));
        if (Dns.HasReadyService)
            At(Now + 1, () => Step(silo, new ViewedReady(Dns.ReadyOnes(silo.Self.Address, Now - 1))));
    }

    private void Take(Silo silo, Send send)
    {
        var handle = send.Handle;
        if (handle == 0)
        {
            handle = ++_handles;
            _open[handle] = (silo, send, Now);
        }

        var letter = new Letter(silo.Self, send.To, handle, send.Handle != 0, send.Envelope);
        Lines.Message(Now, silo.ToString(), _names.GetValueOrDefault(send.To, send.To.Host), letter.Body);
        if (Drops(letter)) Lose(letter);
        else if (Holds(letter)) _held.Add(letter);
        else Deliver(letter);
    }

    private void Deliver(Letter letter)
    {
        if (Network.IsLost(letter.From.Address, letter.To)) Lose(letter);
        else At(Now + 1, () => Arrive(letter));
    }

    private void Arrive(Letter letter)
    {
        if (!_open.TryGetValue(letter.Handle, out var open)) return;
        if (letter.IsReply)
        {
            _open.Remove(letter.Handle);
            Step(open.Asker, new Received(0, letter.Envelope));
        }
        else if (!Up.TryGetValue(letter.To, out var receiver) || Network.IsRejected(letter.From.Address, letter.To))
        {
            Fail(letter.Handle, wasRefused: true);
        }
        else
        {
            if (receiver.Missed is not null) Lose(letter);
            Step(receiver, new Received(letter.Handle, letter.Envelope));
        }
    }

    // Whoever asked waits for a reply until its time is up.
    private void Lose(Letter letter)
    {
        if (_open.TryGetValue(letter.Handle, out var open))
            At(Math.Max(Now, open.SentAt + TimesOutAfter), () => Fail(letter.Handle, wasRefused: false));
    }

    private void Fail(long handle, bool wasRefused)
    {
        if (!_open.Remove(handle, out var open)) return;
        Step(open.Asker, new Undelivered(open.Request.To, open.Request.Envelope.To, wasRefused));
    }

    private void At(long time, Action action) => _events.Enqueue(action, (time, _order++));
}

/// <summary>One process of the test, and what its callers were told.</summary>
internal sealed class Silo(MemberId self, Replica replica)
{
    public MemberId Self => self;

    public Replica Replica => replica;

    public ClusterState State => replica.State!;

    public long TickAt { get; set; } = long.MaxValue;

    /// <summary>What came in while it was paused; null: it is not.</summary>
    public List<Input>? Missed { get; set; }

    public Dictionary<long, Answer?> Outcomes { get; } = [];

    public Dictionary<long, ClusterState> Reads { get; } = [];

    public override string ToString() => Scenario.Name(self);
}
