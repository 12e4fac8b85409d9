using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>What must hold while a slot and a change of voters are decided: one history, true outcomes.</summary>
internal static class SlotRules
{
    public static void Check(ImmutableArray<Actor> actors)
    {
        var longest = actors.MaxBy(actor => actor.Log.Count)!;
        foreach (var actor in actors)
        {
            RequirePrefix(actor, longest);
            foreach (var told in actor.Told) RequireTrue(actor, told);
        }

        RequireOnce(longest);
    }

    /// <summary>Counts what is worth having been reached.</summary>
    public static void Note(Actor actor, Effect effect, Action<string> seen)
    {
        switch (effect)
        {
            case Trace { Event: "TakingOver" }: seen("takeover begun"); break;
            case Trace { Event: "LeaderChanged" }: seen("takeover decided"); break;
            case Trace { Event: "FinishedInFlight" }: seen("value in flight finished"); break;
            case Trace { Event: "ReadRepeated" }: seen("read repeated"); break;
            case Committed { Command: TableChange { Id.By: var by }, State.Index: 1 } when by == actor.Self.Nonce:
                seen($"{Name(actor)} first"); break;
            case Answered { Answer: Answer.Done }: seen($"{Name(actor)} told done"); break;
            case Answered { Answer: Answer.Lost }: seen($"{Name(actor)} told lost"); break;
            case ReadAnswered { State.Index: 0 }: seen($"{Name(actor)} read old"); break;
            case ReadAnswered: seen($"{Name(actor)} read new"); break;
        }
    }

    private static string Name(Actor actor) => actor.Self.Fqdn.Split('.')[0];

    private static void RequirePrefix(Actor actor, Actor longest)
    {
        for (var i = 0; i < actor.Log.Count; i++)
        {
            Checkers.Require(actor.Log[i].Equals(longest.Log[i]), "I1",
                $"{actor.Self} applied {actor.Log[i]} at {i + 1}, {longest.Self} {longest.Log[i]}");
        }
    }

    private static void RequireOnce(Actor longest)
    {
        var ids = longest.Log.Select(command => command.Id).OfType<RequestId>().ToList();
        Checkers.Require(ids.Distinct().Count() == ids.Count, "I2", $"{longest.Self} applied an operation twice");
    }

    private static void RequireTrue(Actor actor, Effect told)
    {
        var own = actor.Log.Any(command => command.Id?.By == actor.Self.Nonce);
        if (told is Answered { Answer: Answer.Done })
            Checkers.Require(own, "I2", $"{actor.Self} was told of a commit that is nowhere");
        if (told is ReadAnswered read)
            Checkers.Require(read.State.Index >= actor.Floor, "I2",
                $"{actor.Self} read {read.State.Index} after {actor.Floor} had completed");
        if (told is Answered { Answer: Answer.Lost })
            Checkers.Require(!own && actor.Log.Exists(command => command is TableChange), "I2",
                $"{actor.Self} lost what it could have won");
    }
}
