namespace Pods;

/// <summary>The silos' own logs: what a silo says of itself that must never be said.</summary>
internal static class Logs
{
    private static readonly string[] Never =
        ["Protocol invariant", "broke a rule of its protocol", "LineageConflict", "Unhandled exception"];

    public static IReadOnlyList<string> Broken(string folder) =>
    [
        .. from file in Files(folder)
           from line in File.ReadLines(file)
           where Never.Any(line.Contains)
           select $"{Path.GetFileName(Path.GetDirectoryName(file))}: {line}",
    ];

    /// <summary>Every line of every silo.</summary>
    public static IEnumerable<string> Lines(string folder) => Files(folder).SelectMany(File.ReadLines);

    private static IEnumerable<string> Files(string folder) =>
        Directory.EnumerateFiles(folder, "log.txt", SearchOption.AllDirectories).Order();
}
