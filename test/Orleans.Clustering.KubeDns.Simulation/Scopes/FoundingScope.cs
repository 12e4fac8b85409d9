using System.Collections.Immutable;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>Founding, from before anybody is published: over every order of publication.</summary>
internal static class FoundingScope
{
    public static Explored OfTwo(int deeper) =>
        Explorer.Visit("founding of two", new Orders(2, 2, 1), 11 + deeper);

    public static Explored OfThree(int deeper) =>
        Explorer.Visit("founding of three", new Orders(3, 2, 0), 9 + deeper);

    /// <summary>The choice that comes before all others: in which order the pods will be published.</summary>
    private sealed record Orders(int Processes, int Passes, int Restarts) : IScopeState
    {
        public UInt128 Digest => 0;

        public IEnumerable<IScopeState> Next(Action<string> seen) =>
            Permutations([.. Enumerable.Range(0, Processes)]).Select(First);

        public void Check()
        {
            // Nothing lives yet.
        }

        private FoundingState First(ImmutableArray<int> order) => new(
            [.. order.Select(_ => (Actor?)null)], Wire.Empty,
            new Published(order, 1, 1, ImmutableSortedDictionary<int, (long, int)>.Empty), 0,
            Passes, Restarts);

        private static IEnumerable<ImmutableArray<int>> Permutations(ImmutableArray<int> of) => of.Length <= 1
            ? [of]
            : of.SelectMany(first => Permutations(of.Remove(first)).Select(rest => rest.Insert(0, first)));
    }
}
