using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>Where the exploration of one slot begins: three voters that know but their first state.</summary>
internal static class SlotScope
{
    private const long Patient = 1_000_000;

    /// <summary>Two compare-and-swaps with one token, of two voters that may pass the leader over.</summary>
    public static Explored TwoProposers(int deeper)
    {
        var actors = Voters();
        return Visit("two proposers", actors, new Budget(2, 1, 0), Insert(actors[2]), 7 + deeper);
    }

    /// <summary>The same, with one request that arrives twice.</summary>
    public static Explored TwoProposersAndACopy(int deeper)
    {
        var actors = Voters();
        return Visit("two proposers, a copy", actors, new Budget(1, 0, 1), Insert(actors[2]), 6 + deeper);
    }

    /// <summary>One voter writes, another reads: also what a reader asks before or after the writer was told.</summary>
    public static Explored WriterAndReader(int deeper) =>
        Visit("a writer and a reader", Voters(), new Budget(1, 1, 0), new AskRead(1, Patient), 7 + deeper);

    // The second voter writes; what the third does is told.
    private static Explored Visit(string what, ImmutableArray<Actor> actors, Budget budget, Input third, int depth)
    {
        var asks = ImmutableSortedDictionary<int, Input>.Empty.Add(1, Insert(actors[1])).Add(2, third);
        return Explorer.Visit($"three voters, {what}", new SlotState(actors, Wire.Empty, budget, asks), depth);
    }

    private static AskWrite Insert(Actor actor)
    {
        var state = actor.Replica.State!;
        var row = new Row(
            actor.Self.Silo, SiloState.Joining, null, 0, null, null, null, 0, 0, 0, 0, actor.Self, 0);
        return new AskWrite(1, new InsertRow(row, state.Tag), Patient);
    }

    private static ImmutableArray<Actor> Voters()
    {
        var settings = new Settings { TakeoverJitter = 0 };
        string[] names = ["a", "b", "c"];
        var actors = names.Select((name, i) => Actor.New(name, i + 1, settings)).ToList();
        var voters = actors.Select(actor => actor.Self).ToSequence();
        var state = new ClusterState(
            actors[0].Replica.Key, new Guid(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]), new Epoch(1, voters[0].Nonce), 0, 0,
            voters, 0, TableState.Empty, Recent.Empty);
        return [.. actors.Select(actor => Begin(actor, state))];
    }

    private static Actor Begin(Actor actor, ClusterState state)
    {
        var founded = new Envelope(
            state.Key, state.Leader, actor.Self.Nonce, state.Lineage, state.Epoch, new Founded(state));
        return actor.Step(new Received(1, founded)).After;
    }
}
