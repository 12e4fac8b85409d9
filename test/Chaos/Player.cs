using Chaos.Scenarios;
using Demo;

namespace Chaos;

/// <summary>Plays a scenario on a stage of its own; whatever happens, it ends in measures.</summary>
internal sealed class Player(StageSettings settings, Func<Network> network, Action<Measure> tell)
{
    /// <summary>Keeps the logs of scenarios that went well, too.</summary>
    public bool KeepLogs { get; init; }

    /// <summary>What was measured, a failure as its last line.</summary>
    public async Task<IReadOnlyList<Measure>> PlayAsync(IScenario scenario, CancellationToken stop)
    {
        var measures = new List<Measure>();
        void Add(Measure measure)
        {
            measures.Add(measure);
            tell(measure);
        }

        var stage = await Stage.OpenAsync(settings, network(), stop);
        try
        {
            await scenario.PlayAsync(new Run(scenario.Name, stage, Add, stop));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // A scenario that stumbles has shown nothing, and those after it may still be played.
            var faults = string.Concat(stage.Audit.Faults.Select(fault => $"; {fault}"));
            Add(new Measure(scenario.Name, Reason(failure) + faults, "–", "–", Verdict.Failed));
        }
        finally
        {
            await stage.DisposeAsync();
        }

        var isWell = measures.All(measure => measure.Verdict != Verdict.Failed);
        if (!isWell) Add(new Measure(scenario.Name, $"logs in {stage.Folder}", "–", "–", Verdict.Failed));
        else if (!KeepLogs) Directory.Delete(stage.Folder, recursive: true);
        return measures;
    }

    private static string Reason(Exception failure) =>
        failure is DemoFailed ? failure.Message : $"{failure.GetType().Name}: {failure.Message}";
}
