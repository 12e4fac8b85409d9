using System.Runtime.InteropServices;
using Demo;
using Formation;

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

// Bounded as a whole, and no signal ends it before its children.
using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(1 + options.Starts + options.Alone));
PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
var registrations = signals.Select(signal => PosixSignalRegistration.Create(signal, context =>
{
    context.Cancel = true;
    stop.Cancel();
})).ToList();
try
{
    await using var series = new Series(options);
    return await series.RunAsync(stop.Token) == 0 ? 0 : 1;
}
catch (DemoFailed failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("interrupted, or out of time");
    return 1;
}
finally
{
    registrations.ForEach(registration => registration.Dispose());
}
