namespace Formation;

/// <summary>Writes progress and the table at the end.</summary>
internal static class Report
{
    public static void Progress(int number, int of, Outcome outcome) => Console.WriteLine(
        $"{number,3}/{of} {outcome.Kind,-38} up {Seconds(outcome.Up)} joined {Seconds(outcome.Joined)} "
        + $"Active {Seconds(outcome.Active)}  lineage {outcome.Lineage.ToString("N")[..8]}");

    public static void Failure(int number, int of, string kind, string reason, string logs) =>
        Console.WriteLine($"{number,3}/{of} {kind,-38} FAILED: {reason}; logs in {logs}");

    /// <summary>Seconds from the start of the last process; "up": its status port answers.</summary>
    public static void Table(IEnumerable<Outcome> outcomes)
    {
        Console.WriteLine();
        Console.WriteLine("Seconds from the last process's start until all silos ...");
        Console.WriteLine($"{"",-40}{"",5}   answer       have a lineage   Active, equal views");
        Console.WriteLine($"{"start",-40}{"n",5}   median       median           median    min    max");
        foreach (var group in outcomes.GroupBy(outcome => outcome.Kind).OrderBy(group => group.Key))
        {
            var active = group.Select(outcome => outcome.Active).Order().ToList();
            var up = Median(group.Select(outcome => outcome.Up));
            var joined = Median(group.Select(outcome => outcome.Joined));
            Console.WriteLine($"{group.Key,-40}{active.Count,5}   {Seconds(up)}       {Seconds(joined)}           "
                + $"{Seconds(Median(active))} {Seconds(active[0])} {Seconds(active[^1])}");
        }
    }

    private static TimeSpan Median(IEnumerable<TimeSpan> times)
    {
        var sorted = times.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds,6:0.00}";
}
