namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>The programs that were built along with these tests.</summary>
internal static class Programs
{
    private static readonly string Root = FindRoot();

    // bin/Release/net10.0: that of these tests is that of the others.
    private static readonly string Output = Path.Combine(
        AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar).Split(Path.DirectorySeparatorChar)[^3..]);

    public static string Repository => Root;

    /// <summary>The one that these tests were built in.</summary>
    public static string Configuration => Output.Split(Path.DirectorySeparatorChar)[1];

    /// <summary>Where the packages are that the repository was restored with.</summary>
    public static string GlobalPackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>How the Dockerfile publishes, but for the folder, in the configuration of these tests.</summary>
    public static string PublishCommand => File.ReadLines(Path.Combine(Root, "samples", "SiloApp", "Dockerfile"))
        .Single(line => line.StartsWith("RUN dotnet publish "))["RUN ".Length..]
        .Replace(" -o /app", "").Replace("-c Release", $"-c {Configuration}");

    public static string SiloApp => Find("samples", "SiloApp");

    public static string Demo => Find("samples", "Demo");

    public static string DnsServer => Find("test", "KubeDns.Local");

    /// <summary>Plays what <c>test/Pods</c> built.</summary>
    public static string PodsScript => Path.Combine(Root, "test", "pods.sh");

    public static string Bench(string name) => Find("bench", name, $"KubeDns.Bench.{name}");

    private static string Find(string folder, string name, string? assembly = null)
    {
        var path = Path.Combine(Root, folder, name, Output, $"{assembly ?? name}.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException("Build the solution first.", path);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Orleans.Clustering.KubeDns.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("These tests run inside the repository.");
    }
}
