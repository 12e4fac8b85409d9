using System.Globalization;

namespace TableBench.Load;

/// <summary>
/// Processor time that processes and their children have used, as Linux counts it. Unlike the time that passes it does
/// not grow because others want the processors too.
/// </summary>
internal static class CpuTime
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds; zero where there is no such count.</summary>
    public static double Of(IEnumerable<int> processIds)
    {
        if (!OperatingSystem.IsLinux()) return 0;
        var wanted = processIds.ToHashSet();
        var all = Directory.EnumerateDirectories("/proc").Select(Path.GetFileName)
            .Where(name => int.TryParse(name, CultureInfo.InvariantCulture, out _))
            .Select(name => Stat(int.Parse(name!, CultureInfo.InvariantCulture))).OfType<Entry>().ToList();

        // A child has a later id than its parent as long as ids do not begin anew; so one pass in their order will do.
        return all.OrderBy(entry => entry.Id).Where(entry =>
            wanted.Contains(entry.Id) || (wanted.Contains(entry.Parent) && wanted.Add(entry.Id)))
            .Sum(entry => entry.Seconds);
    }

    private sealed record Entry(int Id, int Parent, double Seconds);

    private static Entry? Stat(int id)
    {
        try
        {
            // The name stands in parentheses, and may hold anything.
            var text = File.ReadAllText($"/proc/{id}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            double Number(int at) => double.Parse(fields[at], CultureInfo.InvariantCulture);
            return new Entry(id, (int)Number(1), (Number(11) + Number(12)) / TicksPerSecond);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Gone in the meantime.
            return null;
        }
    }
}
