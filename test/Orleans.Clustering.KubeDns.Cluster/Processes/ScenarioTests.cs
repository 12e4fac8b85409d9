using Chaos;
using Chaos.Scenarios;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>
/// What <c>test/chaos.sh</c> plays, as tests. Lateness is told and fails nobody: that is for who looks at the table.
/// </summary>
public sealed class ScenarioTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static TheoryData<string> Names => [.. AllScenarios.List.Select(scenario => scenario.Name)];

    [Fact]
    public Task Two_of_three_killed_at_once_leave_one_that_rescues_the_table() => PlayAsync(new KillTwo());

    [Fact]
    public Task One_silo_becomes_five_and_five_become_one() => PlayAsync(new Scale(5));

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Category", "Long")]
    public Task Every_scenario_comes_true(string name) =>
        PlayAsync(AllScenarios.List.Single(scenario => scenario.Name == name));

    private async Task PlayAsync(IScenario scenario)
    {
        using var limit = new CancellationTokenSource(Limit);
        var player = new Player(new StageSettings(Programs.SiloApp), SiloProcesses.FreePorts, measure =>
            output.WriteLine($"{measure.Verdict}: {measure.What}: {measure.Seen} (expected {measure.Expected})"));

        var measures = await player.PlayAsync(scenario, limit.Token);

        Assert.NotEmpty(measures);
        Assert.DoesNotContain(measures, measure => measure.Verdict == Verdict.Failed);
    }
}
