using System.Diagnostics;
using Demo;

namespace Chaos;

/// <summary>Signals by their names, whose numbers differ from system to system; to one process alone.</summary>
internal static class Signals
{
    /// <exception cref="DemoFailed">There is no such process.</exception>
    public static async Task SendAsync(Pod pod, string signal)
    {
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {pod.Process!.Id}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0) throw new DemoFailed($"{pod.Name} could not be sent SIG{signal}") { Logs = [pod.Name] };
    }
}
