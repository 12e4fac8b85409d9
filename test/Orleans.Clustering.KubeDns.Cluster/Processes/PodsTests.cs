using System.Diagnostics;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>What <c>test/pods.sh</c> plays: silos in namespaces of their own, and faults of their network.</summary>
public sealed class PodsTests(ITestOutputHelper output)
{
    [PodsFact]
    public Task The_leader_alone_behind_a_partition_heals_with_nobody_evicted() =>
        PlayAsync(TimeSpan.FromMinutes(5), "partition-drop");

    [PodsFact]
    public Task A_minute_of_random_faults_heals_and_loses_nothing() =>
        PlayAsync(TimeSpan.FromMinutes(6), "--minutes", "1", "--seed", "1");

    [PodsFact]
    [Trait("Category", "Long")]
    public Task Five_minutes_of_random_faults_heal_and_lose_nothing() =>
        PlayAsync(TimeSpan.FromMinutes(12), "--minutes", "5", "--seed", $"{Random.Shared.Next(1, 1_000_000)}");

    [PodsFact]
    public async Task Told_to_stop_it_leaves_no_process_behind()
    {
        var mark = $"KUBEDNS_PODS_RUN={Guid.NewGuid():N}";
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        using var play = Start(mark, "partition-drop");
        while (await play.StandardOutput.ReadLineAsync(limit.Token) is { } line && !line.Contains("3 started"))
        {
            output.WriteLine(line);
        }

        Assert.NotEmpty(Marked.Processes(mark));
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {play.Id}"]);
        await play.WaitForExitAsync(limit.Token);

        Assert.Equal(1, play.ExitCode);
        Assert.Empty(Marked.Processes(mark));
    }

    private static Process Start(string mark, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [Programs.PodsScript, "--no-build", .. arguments])
        {
            RedirectStandardOutput = true,
        };
        start.Environment[mark.Split('=')[0]] = mark.Split('=')[1];
        return Process.Start(start)!;
    }

    private async Task PlayAsync(TimeSpan most, params string[] arguments)
    {
        using var limit = new CancellationTokenSource(most);
        using var play = Start($"KUBEDNS_PODS_RUN={Guid.NewGuid():N}", arguments);
        try
        {
            while (await play.StandardOutput.ReadLineAsync(limit.Token) is { } line) output.WriteLine(line);
            await play.WaitForExitAsync(limit.Token);
        }
        finally
        {
            if (!play.HasExited)
            {
                using var kill = Process.Start("/bin/sh", ["-c", $"kill -TERM {play.Id}"]);
            }
        }

        Assert.Equal(0, play.ExitCode);
    }
}
