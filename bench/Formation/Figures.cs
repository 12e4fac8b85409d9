namespace FormationBench;

/// <summary>What a thing took with one provider, over the rounds.</summary>
internal sealed record Figure(
    string What, int Size, string Provider, int Count, double Median, double Least, double Most, double Lost,
    double Cpu)
{
    private static readonly string[] Order = ["form", "crash", "rejoin", "leader", "hung", "restart"];

    public static IEnumerable<Figure> Of(IEnumerable<Outcome> outcomes) =>
        from outcome in outcomes
        where outcome.Seconds is not null
        group outcome by (outcome.What, outcome.Size, outcome.Provider)
        into same
        orderby Array.IndexOf(Order, same.Key.What), same.Key.Size
        let seconds = same.Select(outcome => outcome.Seconds!.Value).Order().ToList()
        select new Figure(
            same.Key.What, same.Key.Size, same.Key.Provider, seconds.Count, MedianOf(seconds), seconds[0], seconds[^1],
            MedianOf([.. same.Select(outcome => (double)outcome.Lost).Order()]),
            MedianOf([.. same.Select(outcome => outcome.Cpu).Order()]));

    private static double MedianOf(List<double> sorted) =>
        (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
}

/// <summary>One of the aims, held against this run.</summary>
internal sealed record Aim(string Text, int Size, double Ratio, double AtMost)
{
    private const string Ours = "kubedns";
    private static readonly string[] Stores = ["adonet", "redis"];

    public bool IsMet => Ratio <= AtMost;

    public static IEnumerable<Aim> Of(IReadOnlyList<Figure> figures)
    {
        foreach (var size in figures.Select(figure => figure.Size).Distinct().Order())
        {
            double? Of(string what, params string[] providers) => figures
                .Where(figure => figure.What == what && figure.Size == size && providers.Contains(figure.Provider))
                .Min(figure => (double?)figure.Median);
            Aim?[] aims =
            [
                Make("form ≤ 1.3 × the independent silos", size, Of("form", Ours), Of("form", "alone"), 1.3),
                Make("crash ≤ 0.25 × the best store's", size, Of("crash", Ours), Of("crash", Stores), 0.25),
                Make("hung no later than the best store's", size, Of("hung", Ours), Of("hung", Stores), 1),
                Make("restart ≤ 0.05 × the best store's", size, Of("restart", Ours), Of("restart", Stores), 0.05),
                Make("restart ≤ 2 × our own first start", size, Of("restart", Ours), Of("form", Ours), 2),
            ];
            foreach (var aim in aims.OfType<Aim>()) yield return aim;
        }
    }

    private static Aim? Make(string text, int size, double? ours, double? theirs, double atMost) =>
        ours is { } one && theirs is { } other ? new Aim(text, size, one / other, atMost) : null;
}
