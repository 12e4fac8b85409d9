namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>One state of a small world: what may happen next, and what must hold.</summary>
internal interface IScopeState
{
    UInt128 Digest { get; }

    /// <summary>Everything that may happen now; <paramref name="seen"/> is told what is worth counting.</summary>
    IEnumerable<IScopeState> Next(Action<string> seen);

    /// <exception cref="SimulationFailedException">An invariant does not hold.</exception>
    void Check();
}

/// <summary>What an exploration saw. <c>IsWhole</c>: the states came to an end before the depth did.</summary>
internal sealed record Explored(
    string Scope, long States, long Steps, int Depth, bool IsWhole, SortedDictionary<string, long> Seen)
{
    public override string ToString() =>
        $"scope {Scope}: {States:N0} states, {Steps:N0} steps, depth {Depth}{(IsWhole ? " (all there are)" : "")}; "
        + string.Join(", ", Seen.Select(each => $"{each.Key} {each.Value:N0}"));
}

/// <summary>Visits every state of a small world, the nearest first, each once, to a stated depth.</summary>
internal static class Explorer
{
    public static Explored Visit(string scope, IScopeState first, int depth)
    {
        var seen = new SortedDictionary<string, long>(StringComparer.Ordinal);
        var visited = new HashSet<UInt128> { first.Digest };
        var level = new List<IScopeState> { first };
        var (reached, steps) = (0, 0L);
        for (; reached < depth && level.Count > 0; reached++)
        {
            var next = new List<IScopeState>();
            foreach (var state in level)
            {
                foreach (var after in state.Next(what => seen[what] = seen.GetValueOrDefault(what) + 1))
                {
                    steps++;
                    if (!visited.Add(after.Digest)) continue;
                    after.Check();
                    next.Add(after);
                }
            }

            level = next;
        }

        return new Explored(scope, visited.Count, steps, reached, level.Count == 0, seen);
    }
}
