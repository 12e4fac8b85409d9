using System.Diagnostics;
using Demo;

namespace Pods;

/// <summary>A program of the system, run to its end.</summary>
internal static class Tool
{
    /// <exception cref="DemoFailed">It failed; the message says what it said.</exception>
    public static async Task RunAsync(string command, string? input = null)
    {
        var parts = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var start = new ProcessStartInfo(parts[0], parts[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new DemoFailed($"{command}: exit code {process.ExitCode}: {said.Trim()}");
    }
}
