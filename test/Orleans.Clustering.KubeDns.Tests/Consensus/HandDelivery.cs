using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>A message between two replicas: request or reply.</summary>
internal sealed record Letter(MemberId From, PeerAddress To, long Handle, Envelope Envelope)
{
    public Message Body => Envelope.Body;
}

/// <summary>
/// Real replicas in one thread; their messages take a millisecond and go through the test's hands, which may drop or
/// hold them. DNS lists what the test lists. The same calls give the same run.
/// </summary>
internal sealed class HandDelivery(Settings? settings = null)
{
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly Dictionary<long, MemberId> _askers = [];
    private readonly List<Letter> _held = [];
    private long _order;
    private long _handles;
    private long _tickets;

    public long Now { get; private set; } = 1_000;

    public Dictionary<PeerAddress, Silo> Up { get; } = [];

    public List<ListedPeer> Listed { get; } = [];

    /// <summary>Messages for which this holds are lost.</summary>
    public Func<Letter, bool> Drops { get; set; } = _ => false;

    /// <summary>Messages for which this holds wait until they are released.</summary>
    public Func<Letter, bool> Holds { get; set; } = _ => false;

    /// <summary>What every replica said, and what every message was: one line each.</summary>
    public List<string> Lines { get; } = [];

    public Silo Start(MemberId self)
    {
        var seed = (ulong)(self.Nonce.Value >> 64) + (ulong)self.Nonce.Value;
        var silo = new Silo(self, new Replica(settings ?? new Settings { FirstVersion = 0 }, Given.Key, self, seed));
        Up[self.Address] = silo;
        if (!Listed.Exists(listed => listed.Address == self.Address)) Listed.Add(new(self.Fqdn, self.Address));
        Step(silo, new Tick());
        return silo;
    }

    /// <summary>The process ends; its port refuses from now on.</summary>
    public void Kill(Silo silo)
    {
        Lines.Add($"{Now,6} {silo} Killed");
        Up.Remove(silo.Self.Address);
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
            case LookUp: At(Now + 1, () => Step(silo, new Viewed(Answer()))); break;
            case Answered answered: silo.Outcomes[answered.Ticket] = answered.Answer; break;
            case ReadAnswered read: silo.Reads[read.Ticket] = read.State; break;
            case Trace trace: Lines.Add($"{Now,6} {silo} {trace.Event} {trace.Text}"); break;
            case Committed { Command: { } command } committed:
                Lines.Add($"{Now,6} {silo} Committed {committed.State.Index} {Scenario.Say(command)}");
                break;
        }
    }

    private View Answer() => new(Now - 1, true, Listed.ToSequence(), 500);

    private void Take(Silo silo, Send send)
    {
        var handle = send.Handle;
        if (handle == 0)
        {
            handle = ++_handles;
            _askers[handle] = silo.Self;
        }

        var letter = new Letter(silo.Self, send.To, handle, send.Envelope);
        if (send.Envelope.Body is not (Greet or Greeting))
            Lines.Add($"{Now,6} {silo} -> {Scenario.Name(send.To)} {Scenario.Say(letter.Body)}");
        if (Drops(letter)) return;
        if (Holds(letter)) _held.Add(letter);
        else Deliver(letter);
    }

    private void Deliver(Letter letter) => At(Now + 1, () =>
    {
        var isReply = _askers[letter.Handle] != letter.From;
        if (Up.TryGetValue(letter.To, out var receiver))
        {
            if (!isReply || receiver.Self == _askers[letter.Handle])
                Step(receiver, new Received(isReply ? 0 : letter.Handle, letter.Envelope));
        }
        else if (!isReply && Up.TryGetValue(letter.From.Address, out var asker))
        {
            Step(asker, new Undelivered(letter.To, letter.Envelope.To, WasRefused: true));
        }
    });

    private void At(long time, Action action) => _events.Enqueue(action, (time, _order++));
}

/// <summary>One process of the test, and what its callers were told.</summary>
internal sealed class Silo(MemberId self, Replica replica)
{
    public MemberId Self => self;

    public Replica Replica => replica;

    public ClusterState State => replica.State!;

    public long TickAt { get; set; } = long.MaxValue;

    public Dictionary<long, Answer?> Outcomes { get; } = [];

    public Dictionary<long, ClusterState> Reads { get; } = [];

    public override string ToString() => Scenario.Name(self.Address);
}
