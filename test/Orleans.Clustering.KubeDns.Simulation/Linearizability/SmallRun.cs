namespace Orleans.Clustering.KubeDns.Simulation.Linearizability;

/// <summary>What both checkers say of the beginning of a run: the one by versions, and the search.</summary>
internal sealed record Verdicts(ulong Seed, int Complete, int Unknown, string? ByVersions, string? BySearch)
{
    public bool Agree => ByVersions is null == BySearch is null;
}

/// <summary>The beginnings of the simulation's runs, short enough to search all orders of their operations.</summary>
internal static class SmallRun
{
    private const long For = 20_000;

    public static Verdicts Judge(ulong seed)
    {
        var (calls, error) = Run.Begin(seed, For);
        return new Verdicts(seed, calls.Complete, calls.Unknown, error?.Message, calls.Contradiction());
    }

    /// <summary>For a planted bug: what the search alone says, until it says something.</summary>
    public static string? Hunt(ulong mostSeeds)
    {
        for (ulong seed = 1; seed <= mostSeeds; seed++)
        {
            if (Judge(seed).BySearch is { } contradiction) return $"seed {seed}: {contradiction}";
        }

        return null;
    }
}
