using System.Diagnostics;
using System.Text;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>A program at a terminal of its own, which <c>script</c> of util-linux makes.</summary>
internal sealed class Terminal : IAsyncDisposable
{
    private const char CtrlC = '\u0003';

    private readonly Process _process;
    private readonly StringBuilder _shown = new();
    private readonly Task _reading;

    private Terminal(Process process)
    {
        _process = process;
        _reading = ReadAsync();
    }

    public static bool IsAvailable { get; } = File.Exists("/usr/bin/script");

    public static Terminal Start(string[] command, IReadOnlyDictionary<string, string> settings)
    {
        // "exec": a shell left between (dash leaves one) would take Ctrl+C for itself as well, and end with 130. "env":
        // where the tests run in the background the signal is ignored, and programs that they start inherit that.
        var start = new ProcessStartInfo(
            "/usr/bin/script",
            [
                "--quiet", "--return", "--flush",
                "--command", $"exec env --default-signal=INT {string.Join(' ', command)}", "/dev/null",
            ])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in settings) start.Environment[name] = value;
        (start.Environment["TERM"], start.Environment["COLUMNS"]) = ("xterm", "160");
        start.Environment["SHELL"] = "/bin/sh";
        return new Terminal(Process.Start(start)!);
    }

    /// <summary>Waits until what was written since the last such wait is as wanted.</summary>
    public async Task UntilAsync(Func<string, bool> isIt, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        var shown = "";
        while (!isIt(shown))
        {
            if (limit.IsCancellationRequested || _process.HasExited) throw new TimeoutException($"It shows: {shown}");
            await Task.Delay(50);
            lock (_shown) shown = $"{_shown}";
        }

        lock (_shown) _shown.Clear();
    }

    /// <summary>Presses Ctrl+C; returns the exit code.</summary>
    public async Task<int> InterruptAsync(TimeSpan patience)
    {
        await _process.StandardInput.WriteAsync(CtrlC);
        await _process.StandardInput.FlushAsync();
        using var limit = new CancellationTokenSource(patience);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        var buffer = new char[4_096];
        while (await _process.StandardOutput.ReadAsync(buffer) is > 0 and var count)
        {
            lock (_shown) _shown.Append(buffer, 0, count);
        }
    }
}
