using System.Diagnostics;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>The demo to its end: what a newcomer sees first must not be what is tested last.</summary>
[Trait("Category", "Long")]
public sealed class DemoTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task The_demo_comes_true_and_leaves_no_process_behind()
    {
        // Every child inherits this, so those of this run are found whoever their parent is by then.
        var mark = $"KUBEDNS_DEMO_RUN={Guid.NewGuid():N}";
        var (exitCode, lines) = await RunAsync(mark);

        output.WriteLine(lines);
        Assert.True(exitCode == 0, $"exit code {exitCode}:\n{lines}");
        Assert.Contains("evicted from every view", lines);
        Assert.Empty(Marked.Processes(mark));
    }

    [Fact]
    public async Task A_demo_that_is_told_to_stop_leaves_no_process_behind()
    {
        var mark = $"KUBEDNS_DEMO_RUN={Guid.NewGuid():N}";
        var (exitCode, lines) = await RunAsync(mark, interruptAt: "silo-2");

        Assert.True(exitCode == 1, $"exit code {exitCode}:\n{lines}");
        Assert.Empty(Marked.Processes(mark));
    }

    private static async Task<(int ExitCode, string Lines)> RunAsync(string mark, string? interruptAt = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Programs.Demo, "--silo-app", Programs.SiloApp, "--dns-server", Programs.DnsServer },
            RedirectStandardOutput = true,
        };
        start.Environment[mark.Split('=')[0]] = mark.Split('=')[1];
        using var demo = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        var lines = new List<string>();
        while (await demo.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            lines.Add(line);
            if (interruptAt is null || !line.Contains(interruptAt)) continue;
            interruptAt = null;
            using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {demo.Id}"]);
        }

        await demo.WaitForExitAsync(limit.Token);
        return (demo.ExitCode, string.Join('\n', lines));
    }
}
