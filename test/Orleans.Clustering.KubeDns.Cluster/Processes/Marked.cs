namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>
/// Processes known by a variable that every child inherits: those of one run are found whoever their parent is by then.
/// </summary>
internal static class Marked
{
    /// <param name="mark"><c>NAME=value</c>.</param>
    public static IReadOnlyList<string> Processes(string mark) => Directory.EnumerateDirectories("/proc")
        .Where(process => int.TryParse(Path.GetFileName(process), out _))
        .Where(process => Environment(process).Contains(mark)).ToList();

    private static string[] Environment(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "environ")).Split('\0');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
