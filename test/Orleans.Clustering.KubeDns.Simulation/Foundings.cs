using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Holds every attempt to found against when its witnesses truly started: an answer asked before the youngest of them,
/// the founder included, was there for the staleness may hide those who joined its predecessor (protocol § 5, 2).
/// </summary>
internal sealed class Foundings(World world)
{
    public void OnSent(SimProcess founder, Envelope envelope)
    {
        if (envelope.Body is FoundPrepare && world.ProcessOf(envelope.To) is { } witness)
            RequireSettled(founder, witness);
    }

    /// <summary>Who is its own only witness asks nobody.</summary>
    public void OnFounded(SimProcess founder) => RequireSettled(founder, founder);

    private static void RequireSettled(SimProcess founder, SimProcess witness)
    {
        var view = founder.Replica.LastView!;
        var askedAt = founder.WorldTime(view.AskedAt);
        Checkers.Require(askedAt >= witness.StartedAt + view.Staleness, "I3",
            $"{founder} founds on an answer asked at {askedAt}, and {witness} started at {witness.StartedAt}");
    }
}
