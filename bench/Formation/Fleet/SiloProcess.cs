using System.Diagnostics;
using FormationBench.Silo;
using Servers;

namespace FormationBench.Fleet;

/// <summary>A silo's process: what it said last, and the ways to end it.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _reading;

    private SiloProcess(SiloSettings settings, Process process, Action<SiloProcess, Line> tell)
    {
        Settings = settings;
        _process = process;
        _reading = ReadAsync(tell);
    }

    public SiloSettings Settings { get; }

    /// <summary>Its latest view; null: none yet.</summary>
    public View? View { get; private set; }

    /// <summary>As the views name it, but for the generation.</summary>
    public string Prefix => $"{Settings.Address}:{Settings.SiloPort}@";

    public bool HasExited => _process.HasExited;

    /// <summary>Its standard output comes here, everything else into its log.</summary>
    public static SiloProcess Start(SiloSettings settings, string log, Action<SiloProcess, Line> tell)
    {
        var start = new ProcessStartInfo("/bin/sh")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        string[] command =
        [
            "-c", "log=$1; shift; exec \"$@\" 2>>\"$log\"", "sh", log,
            "dotnet", typeof(SiloProcess).Assembly.Location, SiloSettings.Command, settings.Write(),
        ];
        foreach (var part in command) start.ArgumentList.Add(part);
        return new SiloProcess(settings, Process.Start(start)!, tell);
    }

    public async Task TellAsync(string command)
    {
        await _process.StandardInput.WriteLineAsync(command);
        await _process.StandardInput.FlushAsync();
    }

    public void Kill() => _process.Kill();

    public Task HangAsync() => Programs.SignalAsync(_process.Id, "STOP");

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
        _process.Dispose();
    }

    private async Task ReadAsync(Action<SiloProcess, Line> tell)
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } text)
        {
            if (Line.Read(text) is not { } line) continue;
            if (line is View view) View = view;
            tell(this, line);
        }
    }
}
