using System.Diagnostics;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The sum of many runs.</summary>
internal sealed class Tally
{
    private readonly Lock _lock = new();
    private readonly List<RunResult> _results = [];
    private readonly List<(ulong Seed, Exception Error)> _failures = [];

    public IReadOnlyList<(ulong Seed, Exception Error)> Failures => _failures;

    public int Runs => _results.Count + _failures.Count;

    public void Add(RunResult result)
    {
        lock (_lock) _results.Add(result);
    }

    public void Add(ulong seed, Exception error)
    {
        lock (_lock) _failures.Add((seed, error));
    }

    public string Summary(TimeSpan took)
    {
        var settled = _results.Count(result => !result.NeedsRescue && result.Lineages == 1);
        return $"{Runs} seeds, {_failures.Count} failed, in {took.TotalSeconds:F0} s: "
            + $"{Mean(result => result.Steps):F0} steps, {Mean(result => result.Commits):F0} commits, "
            + $"{Mean(result => result.Reads):F0} reads and {Mean(result => result.Writes):F0} writes a seed; "
            + $"{settled} settled in one lineage, {_results.Count(result => result.NeedsRescue)} lost their majority, "
            + $"{_results.Count(result => result.Lineages > 1)} saw another lineage after the first had ended";
    }

    /// <summary>What happened how often, over all runs.</summary>
    public IReadOnlyDictionary<string, int> Happened => _results.SelectMany(result => result.Happened)
        .GroupBy(each => each.Key).ToDictionary(group => group.Key, group => group.Sum(each => each.Value));

    public string Covered() => string.Join(", ", Happened.OrderBy(each => each.Key, StringComparer.Ordinal)
        .Select(each => $"{each.Key} {each.Value}"))
        + (Coverage.Missing(Happened).ToList() is { Count: > 0 } never ? $"; never: {string.Join(' ', never)}" : "");

    private double Mean(Func<RunResult, int> figure) => _results.Count == 0 ? 0 : _results.Average(figure);
}

/// <summary>Runs seeds on all cores.</summary>
internal static class Soak
{
    /// <summary>Every how many seeds a run is repeated, to see that it is deterministic.</summary>
    private const ulong RepeatEvery = 20;

    public static Tally Seeds(
        IEnumerable<ulong> seeds, TimeSpan? limit = null, Action<Tally>? progress = null,
        Action<ulong, Exception>? failed = null)
    {
        var tally = new Tally();
        var clock = Stopwatch.StartNew();
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.ForEach(seeds, options, (seed, loop) =>
        {
            if (clock.Elapsed >= limit) loop.Stop();
            else if (One(seed, tally) is { } error) failed?.Invoke(seed, error);
            progress?.Invoke(tally);
        });
        return tally;
    }

    /// <summary>The line that replays a seed.</summary>
    public static string Replay(ulong seed) =>
        $"dotnet run -c Release --project test/Orleans.Clustering.KubeDns.Simulation -- --seed {seed} --trace";

    private static Exception? One(ulong seed, Tally tally)
    {
        try
        {
            var result = Run.Execute(seed);
            if (seed % RepeatEvery == 0 && Run.Execute(seed).TraceHash != result.TraceHash)
                throw new SimulationFailedException("determinism", "two runs of one seed differ");
            tally.Add(result);
            return null;
        }
        catch (Exception error)
        {
            tally.Add(seed, error);
            return error;
        }
    }
}
