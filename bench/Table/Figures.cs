using TableBench.Load;

namespace TableBench;

/// <summary>
/// What a cell comes to: the median rate of its rounds, percentiles of all its calls in milliseconds, and the processor
/// time of caller and servers for each that was done, in milliseconds.
/// </summary>
internal sealed record Figures(
    string Backend, string Kind, int Replicas, string Operation, int Callers, int Rows,
    double PerSecond, double P50, double P99, double CallerCpu, double ServerCpu,
    int Calls, int Lost, int Failed, IReadOnlyList<double> Rounds)
{
    public static Figures Of(Cell cell)
    {
        var rounds = cell.Samples.Select(sample => sample.PerSecond).ToList();
        var calls = cell.Samples.SelectMany(sample => sample.Calls).Order().ToList();
        var done = calls.Count - cell.Samples.Sum(sample => sample.Lost);
        double Each(Func<Sample, double> seconds) => 1000 * cell.Samples.Sum(seconds) / done;
        return new Figures(
            cell.Backend.Name, cell.Backend.Kind, cell.Backend.Replicas, $"{cell.Operation}", cell.Callers, cell.Rows,
            At(rounds.Order().ToList(), 0.5), At(calls, 0.5), At(calls, 0.99),
            Each(sample => sample.CallerCpu), Each(sample => sample.ServerCpu),
            calls.Count, cell.Samples.Sum(sample => sample.Lost), cell.Samples.Sum(sample => sample.Failed), rounds);
    }

    private static double At(List<double> sorted, double part) =>
        sorted.Count == 0 ? double.NaN : sorted[(int)Math.Round((sorted.Count - 1) * part)];
}

/// <summary>Ours beside another store's of the same number of replicas (or the one it has), in this run.</summary>
internal sealed record Ratio(
    string Backend, string Beside, string Operation, int Callers, int Rows,
    double PerSecond, double P50, double P99, double Cpu)
{
    public static IEnumerable<Ratio> Of(IReadOnlyList<Figures> figures) =>
        from ours in figures
        where ours.Kind == "kubedns"
        from theirs in figures
        where theirs.Kind != "kubedns" && (theirs.Replicas == ours.Replicas || theirs.Kind is "postgres" or "redis")
        where (theirs.Operation, theirs.Callers, theirs.Rows) == (ours.Operation, ours.Callers, ours.Rows)
        select new Ratio(
            ours.Backend, theirs.Backend, ours.Operation, ours.Callers, ours.Rows,
            ours.PerSecond / theirs.PerSecond, ours.P50 / theirs.P50, ours.P99 / theirs.P99,
            (ours.CallerCpu + ours.ServerCpu) / (theirs.CallerCpu + theirs.ServerCpu));
}
