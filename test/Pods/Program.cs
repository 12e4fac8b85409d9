using Chaos;
using Chaos.Scenarios;
using Demo;
using Pods;
using Pods.Scenarios;
using Scribe;

PodsOptions options;
try
{
    options = PodsOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

if (options.List)
{
    foreach (var scenario in PodScenarios.List) Console.WriteLine($"{scenario.Name,-20} {scenario.Summary}");
    return 0;
}

if (!PodNetwork.IsEnclosed)
{
    Console.Error.WriteLine("Run test/pods.sh, which gives this program namespaces of its own.");
    return 3;
}

// Bounded as a whole; the namespaces end with us, and whatever is left in them.
using var stop = new Interruption(TimeSpan.FromMinutes(6 + (5 * options.Scenarios.Count))
    + (options.Length ?? TimeSpan.Zero));
var measures = new List<Measure>();
try
{
    var settings = new StageSettings(options.SiloApp)
    {
        Sandbox = await PodNetwork.BuildAsync(),
        Dns = PodNetwork.Network.Dns,
        PublicationDelay = TimeSpan.FromSeconds(1),
    };
    Console.WriteLine(Report.Settings(settings));
    async Task PlayAsync(IScenario scenario)
    {
        Console.WriteLine($"\n{scenario.Name}: {scenario.Summary}");
        var on = scenario is RandomFaults or NodeLoss ? settings with { Extra = Visit.Invitation } : settings;
        var player = new Player(on, () => PodNetwork.Network, Report.Progress) { KeepLogs = options.KeepLogs };
        measures.AddRange(await player.PlayAsync(scenario, stop.Token));
    }

    foreach (var scenario in options.Scenarios) await PlayAsync(scenario);
    if (options.Length is { } length) await PlayAsync(new RandomFaults(options.Seed, length));
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("interrupted, or out of time");
    return 1;
}
catch (DemoFailed failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

Report.Table(measures);
return measures.Any(measure => measure.Verdict == Verdict.Failed) ? 1 : 0;
