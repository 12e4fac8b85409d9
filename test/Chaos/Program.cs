using Chaos;
using Demo;

ChaosOptions options;
try
{
    options = ChaosOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

// Bounded as a whole, and no signal ends it before its children.
using var stop = new Interruption(TimeSpan.FromMinutes(1 + (5 * options.Scenarios.Count)));
var measures = new List<Measure>();
try
{
    Console.WriteLine(Report.Settings(options.Stage));
    var player = new Player(options.Stage, () => Network.Choose(pods: 24), Report.Progress)
    {
        KeepLogs = options.KeepLogs,
    };
    foreach (var scenario in options.Scenarios)
    {
        Console.WriteLine($"\n{scenario.Name}: {scenario.Summary}");
        measures.AddRange(await player.PlayAsync(scenario, stop.Token));
    }
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
if (options.Json is { } file) Report.Write(file, options.Stage, measures);
var worst = measures.Max(measure => measure.Verdict);
return worst == Verdict.Failed || (worst == Verdict.Late && options.Strict) ? 1 : 0;
