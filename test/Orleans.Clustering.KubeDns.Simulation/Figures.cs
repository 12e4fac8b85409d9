namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>What the tests counted, for artifacts/simulation.txt, which test.sh prints.</summary>
internal static class Figures
{
    private static readonly Lock Gate = new();

    private static bool _isBegun;

    /// <summary>One line more; the first of a run begins the file anew.</summary>
    public static void Say(string line)
    {
        lock (Gate)
        {
            var path = PlantedBug.Artifact("simulation.txt");
            if (!_isBegun) File.Delete(path);
            _isBegun = true;
            File.AppendAllText(path, $"{line}\n");
        }
    }
}
