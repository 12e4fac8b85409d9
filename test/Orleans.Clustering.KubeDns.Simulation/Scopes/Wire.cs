using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>Where a request is.</summary>
internal enum Stage : byte
{
    Asked,

    /// <summary>It arrived, and may be answered later.</summary>
    Open,
    Answered,
}

/// <summary>A request, then its reply. <c>IsDeaf</c>: nobody waits for the reply, which is lost.</summary>
internal sealed record Flight(long Handle, int Asker, int To, Stage Stage, Envelope Envelope, bool IsDeaf);

/// <summary>
/// All that is on its way, in no order: any of it may arrive next, or never. A request is named by what it says, so
/// that two ways to one state give equal states.
/// </summary>
internal sealed record Wire(ImmutableSortedDictionary<long, Flight> Flights)
{
    public static readonly Wire Empty = new(ImmutableSortedDictionary<long, Flight>.Empty);

    public IEnumerable<Flight> Moving => Flights.Values.Where(flight => flight.Stage != Stage.Open);

    public bool IsAsked(long handle) =>
        Flights.TryGetValue(handle, out var flight) && flight.Stage == Stage.Asked;

    public Wire Ask(int asker, int to, Envelope envelope, bool isDeaf = false)
    {
        var handle = (long)(Digest.Of((asker, to, envelope, isDeaf)) >> 66) | 1;
        while (Flights.ContainsKey(handle)) handle++;
        return new Wire(Flights.Add(handle, new Flight(handle, asker, to, Stage.Asked, envelope, isDeaf)));
    }

    public Wire Answer(long handle, Envelope reply)
    {
        if (!Flights.TryGetValue(handle, out var flight) || flight.Stage == Stage.Answered) return this;
        return flight.IsDeaf ? Remove(handle) : Set(flight with { Stage = Stage.Answered, Envelope = reply });
    }

    public Wire Open(Flight flight) => Set(flight with { Stage = Stage.Open });

    /// <summary>The asker waits no longer; a request that has not arrived may do so yet.</summary>
    public Wire GiveUp(Flight flight) =>
        flight.Stage == Stage.Asked ? Set(flight with { IsDeaf = true }) : Remove(flight.Handle);

    public Wire Remove(long handle) => new(Flights.Remove(handle));

    private Wire Set(Flight flight) => new(Flights.SetItem(flight.Handle, flight));
}
