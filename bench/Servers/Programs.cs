using System.Diagnostics;

namespace Servers;

/// <summary>Finds programs, and runs them to their end.</summary>
internal static class Programs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>The whole path of a program on the PATH or in one of the folders.</summary>
    /// <exception cref="NotAvailable">It is not there.</exception>
    public static string Find(string name, string package, params string[] folders)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return folders.Concat(path).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
            ?? throw new NotAvailable($"no {name} on the PATH; Debian has it in the package {package}");
    }

    /// <summary>Runs a program and waits until it has ended well.</summary>
    public static async Task RunAsync(string[] command, CancellationToken stop)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        using var process = Process.Start(start)!;
        try
        {
            var texts = Task.WhenAll(
                process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            var said = string.Join(' ', await texts).ReplaceLineEndings(" ").Trim();
            if (process.ExitCode != 0)
                throw new NotAvailable($"{Path.GetFileName(command[0])} ended with {process.ExitCode}: {said}");
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>Sends a signal by its name, whose number differs from system to system.</summary>
    public static async Task SignalAsync(int processId, string signal)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {processId} 2>/dev/null"]);
        await kill.WaitForExitAsync();
    }
}
