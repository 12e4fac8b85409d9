using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>
/// What DNS has published, in which order, and how much of it by the last time that time passed: no answer to what is
/// asked now may show less. <c>Asked</c>: who waits for an answer, and the least that it may show.
/// </summary>
internal sealed record Published(
    ImmutableArray<int> Order, int Count, int Before, ImmutableSortedDictionary<int, (long At, int Least)> Asked)
{
    public bool Lists(int who) => Order.Take(Count).Contains(who);

    public Published Ask(int who, long now) => this with { Asked = Asked.SetItem(who, (now, Before)) };

    public Published Forget(int who) => this with { Asked = Asked.Remove(who) };

    public Published Pass() => this with { Before = Count };
}

/// <summary>
/// Processes without lineage, each started after its pod was published; answers that show any prefix of what was
/// published, as old as the stated staleness allows; messages that come in any order or never, greetings within their
/// time, there and back at once; and one process, perhaps, that restarts in place.
/// </summary>
internal sealed record FoundingState(
    ImmutableArray<Actor?> Actors, Wire Wire, Published Dns, long Now, int Passes, int Restarts)
    : IScopeState
{
    /// <summary>Longer than between two look-ups or greetings; shorter than an attempt lasts.</summary>
    public const long Pass = 1_300;

    /// <summary>What was published when time last passed, no answer to a later question misses.</summary>
    private const long Staleness = Pass - 1;

    private static readonly Settings Settings = new() { FirstVersion = 0 };

    public UInt128 Digest => Mix();

    private static Actor Fresh(int who, int life, long clock) =>
        Actor.New($"{(char)('a' + who)}", who + 1, Settings, life, clock);

    public IEnumerable<IScopeState> Next(Action<string> seen) =>
        Publications(seen).Concat(Answers(seen)).Concat(Arrivals(seen)).Concat(Times(seen));

    public void Check()
    {
        var lineages = Actors.Select(actor => actor?.Replica.State).OfType<ClusterState>().ToList();
        Checkers.Require(lineages.Select(state => state.Lineage).Distinct().Count() <= 1, "I3",
            $"two lineages live: {string.Join(' ', lineages.Select(state => $"{state.Lineage:N} of {state.Leader}"))}");
        Checkers.Require(lineages.Select(state => Scopes.Digest.Of(state)).Distinct().Count() <= 1, "I1",
            "one lineage has two first states");
    }

    private IEnumerable<FoundingState> Publications(Action<string> seen)
    {
        if (Dns.Count < Actors.Length) yield return this with { Dns = Dns with { Count = Dns.Count + 1 } };
        for (var who = 0; who < Actors.Length; who++)
        {
            if (Actors[who] is null && Dns.Lists(who)) yield return Start(who, 0, seen);
        }
    }

    private FoundingState Start(int who, int life, Action<string> seen)
    {
        var fresh = Fresh(who, life, Now);
        return (this with { Actors = Actors.SetItem(who, fresh) }).After(who, new Tick(), seen);
    }

    private IEnumerable<FoundingState> Answers(Action<string> seen)
    {
        foreach (var (who, (at, least)) in Dns.Asked)
        {
            for (var count = least; count <= Dns.Count; count++)
            {
                var listed = Dns.Order.Take(count).Select(Listed).ToSequence();
                var view = new View(at, listed.Count > 0, listed, Staleness);
                yield return (this with { Dns = Dns.Forget(who) }).After(who, new Viewed(view), seen);
            }
        }
    }

    private static ListedPeer Listed(int who)
    {
        var self = Fresh(who, 0, 0).Self;
        return new ListedPeer(self.Fqdn, self.Address);
    }

    private IEnumerable<FoundingState> Arrivals(Action<string> seen)
    {
        foreach (var flight in Wire.Moving)
        {
            if (flight.Stage == Stage.Answered) yield return Reply(flight, seen);
            else if (Actors[flight.To] is not null)
            {
                var (arrived, answered) = Request(flight, seen);
                if (answered is not null) yield return answered;
                if (answered is null || flight.Envelope.Body is not Greet) yield return arrived;
            }
        }
    }

    // A reply may come back at once, or be on its way for long, or for ever; but a greeting's for no time at all.
    private (FoundingState Arrived, FoundingState? Answered) Request(Flight flight, Action<string> seen)
    {
        var next = After(flight.To, new Received(flight.Handle, flight.Envelope), seen);
        if (next.Wire.IsAsked(flight.Handle)) return (next with { Wire = next.Wire.Remove(flight.Handle) }, null);
        return (next, next.Wire.Flights.TryGetValue(flight.Handle, out var reply) ? next.Reply(reply, seen) : null);
    }

    private FoundingState Reply(Flight flight, Action<string> seen)
    {
        if (flight.Envelope.Body is FoundRefused) seen("duel");
        return (this with { Wire = Wire.Remove(flight.Handle) })
            .After(flight.Asker, new Received(0, flight.Envelope), seen);
    }

    private IEnumerable<FoundingState> Times(Action<string> seen)
    {
        for (var who = 0; who < Actors.Length && Restarts > 0; who++)
        {
            if (Actors[who] is not null) yield return Restart(who, seen);
        }

        if (Passes > 0 && Actors.Any(actor => actor is not null)) yield return LetPass(seen);
    }

    // What the old process asked may yet arrive; what is answered to it goes nowhere.
    private FoundingState Restart(int who, Action<string> seen)
    {
        seen("restarts");
        var wire = Wire;
        foreach (var flight in Wire.Flights.Values.Where(flight => flight.Asker == who)) wire = wire.GiveUp(flight);
        return (this with { Wire = wire, Dns = Dns.Forget(who), Restarts = Restarts - 1 }).Start(who, 1, seen);
    }

    private FoundingState LetPass(Action<string> seen)
    {
        var late = Wire.Flights.Values.Where(flight => flight.Envelope.Body is Greet or Greeting);
        var next = this with
        {
            Wire = new Wire(Wire.Flights.RemoveRange(late.Select(flight => flight.Handle))),
            Dns = Dns.Pass(),
            Now = Now + Pass,
            Passes = Passes - 1,
        };
        for (var who = 0; who < Actors.Length; who++)
        {
            if (Actors[who] is not null) next = next.After(who, new Tick(), seen);
        }

        return next;
    }

    private FoundingState After(int who, Input input, Action<string> seen)
    {
        var (actor, effects) = Actors[who]!.Step(input, Now - Actors[who]!.Clock);
        var (wire, dns) = (Wire, Dns);
        foreach (var effect in effects)
        {
            if (effect is Send send) wire = Carry(wire, who, send);
            if (effect is LookUp) dns = dns.Ask(who, Now);
            if (effect is Trace { Event: "Founding" }) seen($"{(char)('a' + who)} founds");
            if (effect is Trace { Event: "Joined" }) seen("joins");
            if (effect is Trace { Event: "FoundingAdopted" }) seen("first state adopted");
        }

        return this with { Actors = Actors.SetItem(who, actor), Wire = wire, Dns = dns };
    }

    private static Wire Carry(Wire on, int from, Send send)
    {
        if (send.Handle == 0) return on.Ask(from, send.To.Host[^1] - '1', send.Envelope);
        return send.Envelope.Body is Applied ? on.Remove(send.Handle) : on.Answer(send.Handle, send.Envelope);
    }

    private UInt128 Mix()
    {
        var sum = Scopes.Digest.Of((Dns, Now, Passes, Restarts));
        foreach (var actor in Actors) sum = Scopes.Digest.Mix(sum, actor?.Digest ?? 0);
        foreach (var flight in Wire.Flights.Values) sum = Scopes.Digest.Mix(sum, Scopes.Digest.Of(flight));
        return sum;
    }
}
