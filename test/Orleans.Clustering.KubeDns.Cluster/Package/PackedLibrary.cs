using System.Diagnostics;
using System.IO.Compression;
using Orleans.Clustering.KubeDns.Cluster.Processes;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Package;

/// <summary>
/// The library as <c>dotnet pack</c> makes it of what was built, in a folder that is a source of packages.
/// </summary>
public sealed class PackedLibrary : IAsyncLifetime
{
    private const string Id = "Orleans.Clustering.KubeDns";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kubedns-package-");

    /// <summary>One that no package of that name had before, whatever is cached on this machine.</summary>
    public string Version { get; } = $"0.0.0-test.{DateTime.UtcNow:yyyyMMddHHmmssfff}";

    public string Folder => _folder.FullName;

    public string Source => Directory.CreateDirectory(Path.Combine(Folder, "source")).FullName;

    public Task InitializeAsync() => DotnetAsync(
        Programs.Repository, "pack", Path.Combine("src", Id), "-c", Programs.Configuration, "--no-build",
        $"-p:Version={Version}", "-o", Source);

    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>The package (<c>nupkg</c>) or its symbols (<c>snupkg</c>).</summary>
    public ZipArchive Open(string kind) => ZipFile.OpenRead(Path.Combine(Source, $"{Id}.{Version}.{kind}"));

    /// <summary>Runs <c>dotnet</c> as from a shell that knows nothing of these tests.</summary>
    /// <exception cref="InvalidOperationException">It failed; the message is what it wrote.</exception>
    public async Task DotnetAsync(string folder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsOfTheBuild).ToList()) start.Environment.Remove(name);
        start.Environment["NUGET_PACKAGES"] = Path.Combine(Folder, "packages");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            if (process.ExitCode != 0) throw new InvalidOperationException(await output);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    // The test host is started by the SDK, which tells its children where its parts are.
    private static bool IsOfTheBuild(string variable) =>
        variable.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)
        || variable is "DOTNET_HOST_PATH" or "DOTNET_CLI_TELEMETRY_SESSIONID" or "NUGET_PACKAGES";
}
