namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>Every scope, at the depth of the tests and so many steps more.</summary>
internal static class AllScopes
{
    public static readonly IReadOnlyList<Func<int, Explored>> All =
    [
        SlotScope.TwoProposers,
        SlotScope.TwoProposersAndACopy,
        SlotScope.WriterAndReader,
        FoundingScope.OfTwo,
        FoundingScope.OfThree,
    ];
}
