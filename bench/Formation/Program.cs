using Demo;
using FormationBench;
using FormationBench.Silo;

if (args is [SiloSettings.Command, var settings])
{
    await SiloProgram.RunAsync(SiloSettings.Read(settings));
    return 0;
}

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(FormationOptions.Help);
    return 0;
}

FormationOptions options;
try
{
    options = FormationOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 2;
}

// A read of a process' output keeps a thread of the pool; the DNS server, which is in this process, needs others.
ThreadPool.SetMinThreads(64, 64);

// No signal ends it before its children. Interrupted, it still tells what it has.
using var stop = new Interruption(TimeSpan.FromHours(6));
await using var series = new Series(options);
try
{
    await series.RunAsync(stop.Token);
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("interrupted, or out of time");
}

Report.Write(series, options);
return !stop.Token.IsCancellationRequested && series.Outcomes.All(outcome => outcome.Seconds is not null) ? 0 : 1;
