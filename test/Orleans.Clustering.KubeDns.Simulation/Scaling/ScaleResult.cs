using System.Diagnostics;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>What a stretch of a run cost altogether.</summary>
internal sealed record Cost(long Messages, long Bytes, long Steps, double StepMicroseconds, double CpuSeconds)
{
    public static Cost Of(Traffic total) =>
        new(total.Messages, total.Bytes, total.Steps, total.StepMicroseconds, total.CpuSeconds);
}

/// <summary>One kind of message in a silo's traffic, each way, a second.</summary>
internal sealed record KindShare(string Kind, double MessagesPerSecond, double BytesPerSecond);

/// <summary>One kind of input to a silo's machine, and what its steps cost.</summary>
internal sealed record InputShare(string Input, double StepsPerSecond, double Microseconds);

/// <summary>Of one silo of a group, in the mean, each second: what it sends and what it receives.</summary>
internal sealed record PerSilo(
    int Silos, double MessagesPerSecond, double BytesPerSecond, double MostBytesPerSecond, double LookUpsPerSecond,
    double StepsPerSecond, double StepMicroseconds, double CpuPermille, IReadOnlyList<KindShare> Kinds,
    IReadOnlyList<InputShare> Inputs)
{
    public static PerSilo Of(IReadOnlyList<Traffic> group, double seconds)
    {
        if (group.Count == 0) return new PerSilo(0, 0, 0, 0, 0, 0, 0, 0, [], []);
        var each = group.Count * seconds;
        var steps = group.Sum(one => one.Steps);
        var cpu = group.Sum(one => one.CpuSeconds);
        var kinds = group.SelectMany(one => one.Kinds).GroupBy(kind => kind.Key)
            .Select(kind => new KindShare(
                kind.Key, kind.Sum(one => one.Value.Messages) / each, kind.Sum(one => one.Value.Bytes) / each))
            .OrderByDescending(kind => kind.BytesPerSecond).ThenBy(kind => kind.Kind, StringComparer.Ordinal).ToList();
        return new PerSilo(
            group.Count, group.Sum(one => one.Messages) / each, group.Sum(one => one.Bytes) / each,
            group.Max(one => one.Bytes) / seconds, group.Sum(one => one.LookUps) / each, steps / each,
            cpu * 1e6 / Math.Max(1, steps), cpu * 1_000 / each, kinds,
            InputsOf(group, each));
    }

    private static List<InputShare> InputsOf(IReadOnlyList<Traffic> group, double each) =>
        group.SelectMany(one => one.Inputs).GroupBy(input => input.Key)
            .Select(input => (
                input.Key, Steps: input.Sum(one => one.Value.Steps), Sum: input.Sum(one => one.Value.Ticks)))
            .OrderByDescending(input => input.Sum)
            .Select(input => new InputShare(
                input.Key, input.Steps / each, Stopwatch.GetElapsedTime(0, input.Sum).TotalMicroseconds / input.Steps))
            .ToList();
}

/// <summary>From the first start until all are Active in every view (s, simulated).</summary>
internal sealed record FormFigures(double FoundedAfter, double ActiveAfter, int Losses, Cost Cost, long LookUps);

/// <summary>Nothing happens: no row is written.</summary>
internal sealed record SteadyFigures(
    double Seconds, PerSilo Others, PerSilo Voters, PerSilo Leader, double LookUpsPerSecond);

/// <summary>All replaced, so many at a time.</summary>
internal sealed record RollFigures(
    int AtOnce, double Seconds, double SecondsPerSilo, int Losses, int Unanswered, int ActiveRows, int DeadRows,
    bool IsSameEpoch, int KilledAtDeadline, Cost Cost, double LookUpsPerSecond);

/// <summary>All that one size showed; times are simulated but for the steps' and <c>WallSeconds</c>.</summary>
internal sealed record ScaleResult(int Silos, ulong Seed)
{
    public FormFigures Form { get; init; } = null!;

    public SteadyFigures Steady { get; init; } = null!;

    public RollFigures Roll { get; init; } = null!;

    public double WallSeconds { get; init; }
}
