using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>How often what may still happen.</summary>
internal sealed record Budget(int TimeOuts, int Wakes, int Copies);

/// <summary>
/// Three voters, of which two have an operation: both may come to propose for one slot, and one to lead. Greetings are
/// lost; clocks stand still but for the timers that may fire; whatever is on its way may never arrive.
/// </summary>
internal sealed class SlotState(
    ImmutableArray<Actor> actors, Wire wire, Budget budget, ImmutableSortedDictionary<int, Input> toAsk) : IScopeState
{
    /// <summary>Beyond any resend and any pause of a proposer.</summary>
    private const long WakeAfter = 500;

    public ImmutableArray<Actor> Actors => actors;

    public UInt128 Digest { get; } = Mix(actors, wire, budget, toAsk);

    public IEnumerable<IScopeState> Next(Action<string> seen)
    {
        foreach (var (who, input) in toAsk) yield return Ask(who, input, seen);
        foreach (var flight in wire.Moving)
        {
            var arrived = Deliver(flight, seen);
            yield return arrived;
            if (flight.Stage == Stage.Asked && arrived.ReplyOf(flight) is { } reply)
                yield return arrived.Deliver(reply, seen);
        }

        foreach (var flight in wire.Flights.Values)
        {
            if (budget.TimeOuts > 0 && IsSilosOwn(flight)) yield return TimeOut(flight, seen);
            if (budget.Copies > 0 && flight is { Stage: Stage.Asked, IsDeaf: false }) yield return Copy(flight);
        }

        for (var who = 0; who < actors.Length && budget.Wakes > 0; who++)
            yield return After(who, new Tick(), wire, budget with { Wakes = budget.Wakes - 1 }, toAsk, seen, WakeAfter);
    }

    public void Check() => SlotRules.Check(actors);

    // A read that begins now must show whatever anybody was told by now.
    private SlotState Ask(int who, Input input, Action<string> seen)
    {
        var asker = actors[who].Asking(actors.Max(actor => actor.ToldAt));
        return new SlotState(actors.SetItem(who, asker), wire, budget, toAsk)
            .After(who, input, wire, budget, toAsk.Remove(who), seen);
    }

    private SlotState Deliver(Flight flight, Action<string> seen)
    {
        if (flight.Stage == Stage.Answered)
        {
            if (flight.Envelope.Body is Refused) seen("duel");
            var reply = new Received(0, flight.Envelope);
            return After(flight.Asker, reply, wire.Remove(flight.Handle), budget, toAsk, seen);
        }

        var open = flight.Envelope.Body is Submit or Read ? wire.Open(flight) : wire;
        return After(flight.To, new Received(flight.Handle, flight.Envelope), open, budget, toAsk, seen, 0, flight);
    }

    // A reply that comes back at once is one step: so a depth reaches farther.
    private Flight? ReplyOf(Flight request) =>
        wire.Flights.TryGetValue(request.Handle, out var flight) && flight.Stage == Stage.Answered ? flight : null;

    private SlotState TimeOut(Flight flight, Action<string> seen)
    {
        var to = actors[flight.To].Self;
        var left = budget with { TimeOuts = budget.TimeOuts - 1 };
        var input = new Undelivered(to.Address, to.Nonce, false);
        return After(flight.Asker, input, wire.GiveUp(flight), left, toAsk, seen);
    }

    private SlotState Copy(Flight flight) => new(
        actors, wire.Ask(flight.Asker, flight.To, flight.Envelope, isDeaf: true),
        budget with { Copies = budget.Copies - 1 }, toAsk);

    private SlotState After(
        int who, Input input, Wire before, Budget left, ImmutableSortedDictionary<int, Input> asks,
        Action<string> seen, long after = 0, Flight? request = null)
    {
        var (actor, effects) = actors[who].Step(input, after);
        var next = before;
        foreach (var effect in effects)
        {
            if (effect is Send send) next = Carry(next, who, send);
            SlotRules.Note(actor, effect, seen);
        }

        // Who has not answered by now never will, unless it keeps the request.
        if (request is not null && next.IsAsked(request.Handle)) next = next.Remove(request.Handle);
        return new SlotState(actors.SetItem(who, actor), next, left, asks);
    }

    private Wire Carry(Wire on, int from, Send send)
    {
        if (send.Envelope.Body is Greet or Greeting) return on;
        if (send.Handle == 0) return on.Ask(from, IndexOf(send.To), send.Envelope);
        return send.Envelope.Body is Applied ? on.Remove(send.Handle) : on.Answer(send.Handle, send.Envelope);
    }

    private int IndexOf(PeerAddress address)
    {
        var at = 0;
        while (actors[at].Self.Address != address) at++;
        return at;
    }

    private static bool IsSilosOwn(Flight flight) =>
        !flight.IsDeaf && flight.Envelope.Body is Submit or Read or Submitted or ReadDone;

    private static UInt128 Mix(
        ImmutableArray<Actor> actors, Wire wire, Budget budget, ImmutableSortedDictionary<int, Input> toAsk)
    {
        var sum = Scopes.Digest.Mix(Scopes.Digest.Of(budget), Scopes.Digest.Of(toAsk));
        foreach (var flight in wire.Flights.Values) sum = Scopes.Digest.Mix(sum, Scopes.Digest.Of(flight));
        foreach (var actor in actors) sum = Scopes.Digest.Mix(sum, actor.Digest);
        return sum;
    }
}
