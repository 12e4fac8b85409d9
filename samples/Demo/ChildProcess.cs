using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Demo;

/// <summary>
/// A program that writes to a log file of its own, not to a pipe of ours: with <c>--keep</c> it outlives us.
/// The shell only redirects; <c>exec</c> keeps its process id, so signals reach the program itself.
/// </summary>
internal sealed partial class ChildProcess
{
    private const int Sigterm = 15;

    private readonly Process _process;

    private ChildProcess(string name, string log, Process process)
    {
        Name = name;
        Log = log;
        _process = process;
    }

    public string Name { get; }

    public string Log { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>128 + n if it ended by signal n.</summary>
    public int ExitCode => _process.ExitCode;

    public static ChildProcess Start(
        string name,
        string log,
        string workingFolder,
        string[] command,
        IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = workingFolder, UseShellExecute = false };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("log=$1; shift; exec \"$@\" >>\"$log\" 2>&1 </dev/null");
        start.ArgumentList.Add("sh");
        start.ArgumentList.Add(log);
        foreach (var part in command)
        {
            start.ArgumentList.Add(part);
        }

        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        return new ChildProcess(name, log, Process.Start(start)!);
    }

    /// <summary>SIGTERM, as kubelet asks a container to stop.</summary>
    public void Terminate()
    {
        if (!HasExited)
        {
            _ = SendSignal(Id, Sigterm);
        }
    }

    /// <summary>
    /// SIGKILL, to it and to what it has started: a child that took another user's identity is not ended with it,
    /// whatever <c>unshare --kill-child</c> asks for.
    /// </summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself, which is what was wanted.
        }
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>The end of the log; empty if there is none yet.</summary>
    public IReadOnlyList<string> Tail(int lines) =>
        File.Exists(Log) ? File.ReadLines(Log).TakeLast(lines).ToList() : [];

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
