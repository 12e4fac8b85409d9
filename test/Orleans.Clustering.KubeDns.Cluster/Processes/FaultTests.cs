using System.Diagnostics;
using Chaos;
using Demo;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>What only processes can suffer. The times are told, since they are what an operator sees.</summary>
[Trait("Category", "Long")]
public sealed class FaultTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_process_restarted_at_once_in_place_replaces_its_predecessor()
    {
        await using var silos = await SiloProcesses.StartAsync();
        var pod = silos.Kubelet.Live[1];
        var before = silos.Of(silos.Kubelet.Live[0])!;

        Kubelet.Crash(pod);
        await pod.Process!.WaitForExitAsync(default);
        silos.Kubelet.RestartInPlace(pod);

        Tell("killed and restarted in place", await silos.UntilAsync("a new incarnation in all views", 60,
            told => told.All(each => each is { IsActive: true } && each.Lineage == before.Lineage
                && each.Active.Count == 3 && !each.Active.SetEquals(before.Active))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_voter_that_is_stopped_for_ten_seconds_is_not_evicted_and_comes_back(bool isLeader)
    {
        await using var silos = await SiloProcesses.StartAsync();
        var leader = silos.Leader;
        var stopped = isLeader ? leader : silos.Kubelet.Live.First(pod => pod != leader);
        var before = silos.Of(stopped)!;

        await Signals.SendAsync(stopped, "STOP");
        stopped.Ending = true;
        Tell("stopped: one of the others leads", await silos.UntilAsync(
            "a leader", 15, told => told.Count(each => each is { IsLeader: true }) == 1));

        // No wait for anything: this is how long the fault lasts.
        await Task.Delay(TimeSpan.FromSeconds(10));
        await Signals.SendAsync(stopped, "CONT");
        stopped.Ending = false;

        Tell("continued: equal views", await silos.UntilAsync("the same three in all views", 30,
            told => told.All(each => each is { IsActive: true } && each.Active.SetEquals(before.Active)
                && each.Lineage == before.Lineage)));
        Tell("three voters again", await silos.UntilAsync(
            "three voters", 60, told => told.All(each => each is { Voters: 3 })));
    }

    [Fact]
    public async Task Told_to_stop_all_at_once_each_process_ends_soon_and_well()
    {
        await using var silos = await SiloProcesses.StartAsync();
        var clock = Stopwatch.StartNew();
        var pods = silos.Kubelet.Live;
        foreach (var pod in pods)
        {
            pod.Ending = true;
            pod.Process!.Terminate();
        }

        await Task.WhenAll(pods.Select(async pod =>
        {
            await pod.Process!.WaitForExitAsync(default).WaitAsync(TimeSpan.FromSeconds(30));
            Tell($"{pod.Name} ended", clock.Elapsed);
        }));

        Assert.All(pods, pod => Assert.Equal(0, pod.Process!.ExitCode));
    }

    [Fact]
    public async Task Told_to_stop_one_after_another_the_last_one_ends_as_soon_as_the_first()
    {
        await using var silos = await SiloProcesses.StartAsync();
        foreach (var pod in silos.Kubelet.Live)
        {
            var clock = Stopwatch.StartNew();
            await silos.Kubelet.DeleteAsync(pod, default).WaitAsync(TimeSpan.FromSeconds(30));
            Tell($"{pod.Name} ended", clock.Elapsed);
            Assert.Equal(0, pod.Process!.ExitCode);
        }
    }

    private void Tell(string what, TimeSpan took) => output.WriteLine($"{what}: {took.TotalSeconds:0.0} s");
}
