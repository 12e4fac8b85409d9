using Demo;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>What every run must show of real processes: one is killed, and another takes its place.</summary>
public sealed class KillTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_killed_leader_is_evicted_and_a_successor_in_place_joins()
    {
        await using var silos = await SiloProcesses.StartAsync();
        var leader = silos.Leader;

        Kubelet.Crash(leader);
        Tell("SIGKILL of the leader, seen by all", await silos.UntilAllAgreeAsync(30));
        Tell("another leads", await silos.UntilAsync(
            "a leader", 10, told => told.Count(each => each is { IsLeader: true }) == 1));

        await leader.Process!.WaitForExitAsync(default);
        silos.Kubelet.RestartInPlace(leader);
        Tell("restarted in place, Active in all views", await silos.UntilAllAgreeAsync(60));
        Tell("three voters again", await silos.UntilAsync(
            "three voters", 30, told => told.All(each => each is { Voters: 3 })));
    }

    private void Tell(string what, TimeSpan took) => output.WriteLine($"{what}: {took.TotalSeconds:0.0} s");
}
