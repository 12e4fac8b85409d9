using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Orleans.Clustering.KubeDns.Cluster.Image;

/// <summary>
/// A folder that holds what the image does and nothing else: the runtime, the system libraries that it needs, and the
/// application as the Dockerfile publishes it. No shell, no users, no folder to write to.
/// </summary>
internal sealed partial class EmptyRoot : IDisposable
{
    private const string Dotnet = "/usr/share/dotnet";

    // Not a "temporary subdirectory", which is its owner's alone: the silo runs as somebody else.
    private readonly DirectoryInfo _folder = Directory.CreateDirectory(
        System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"image-{Guid.NewGuid():N}"));

    public string Path => _folder.FullName;

    public static async Task<EmptyRoot> CreateAsync(string publish, string repository)
    {
        var root = new EmptyRoot();
        await root.RunAsync("sh", ["-c", $"{publish} --no-build -o '{root.Path}/app'"], repository);
        root.CopyRuntime();
        await root.CopyLibrariesAsync();
        foreach (var folder in (string[])["proc", "dev", "etc"]) Directory.CreateDirectory($"{root.Path}/{folder}");
        foreach (var device in (string[])["null", "urandom"]) File.WriteAllText($"{root.Path}/dev/{device}", "");
        return root;
    }

    /// <summary>What kubelet would mount.</summary>
    public void Write(string file, string text) => File.WriteAllText($"{Path}/{file}", text);

    public void Dispose() => _folder.Delete(recursive: true);

    // .../shared/Microsoft.NETCore.App/<version>/System.Private.CoreLib.dll
    private void CopyRuntime()
    {
        string[] shared = [Of(typeof(object)), Of(typeof(Microsoft.AspNetCore.Http.HttpContext))];
        var home = System.IO.Path.GetFullPath($"{shared[0]}/../../..");
        foreach (var folder in shared.Append($"{home}/host"))
        {
            Copy(folder, Path + Dotnet + folder[home.Length..]);
        }

        CopyFile($"{home}/dotnet", $"{Path}{Dotnet}/dotnet");
    }

    private static string Of(Type type) => System.IO.Path.GetDirectoryName(type.Assembly.Location)!;

    // Those that the runtime is linked with, and OpenSSL, which it loads by name.
    private async Task CopyLibrariesAsync()
    {
        var cache = await RunAsync("/sbin/ldconfig", ["-p"], Path);
        var openSsl = AfterArrow().Matches(cache).Select(match => match.Groups[1].Value)
            .Where(file => file.Contains("libssl.so.3") || file.Contains("libcrypto.so.3")).Distinct().ToList();
        var binaries = Directory.EnumerateFiles(Path + Dotnet, "*.so", SearchOption.AllDirectories)
            .Append($"{Path}{Dotnet}/dotnet").Concat(openSsl);
        var linked = await RunAsync("ldd", [.. binaries], Path);
        var found = AfterArrow().Matches(linked).Select(match => match.Groups[1].Value)
            .Concat(Loader().Matches(linked).Select(match => match.Groups[1].Value));
        foreach (var file in found.Concat(openSsl).Distinct().Where(file => !file.StartsWith(Path)))
        {
            CopyFile(file, Path + file);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            CopyFile(file, to + file[from.Length..]);
        }
    }

    private static void CopyFile(string from, string to)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(to)!);
        File.Copy(from, to, overwrite: true);
    }

    private async Task<string> RunAsync(string program, string[] args, string folder)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
        })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} failed: {output}");
    }

    [GeneratedRegex(@"=> (/\S+)")]
    private static partial Regex AfterArrow();

    [GeneratedRegex(@"^\s+(/\S+ld-\S+) \(", RegexOptions.Multiline)]
    private static partial Regex Loader();
}
