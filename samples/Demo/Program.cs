using System.Runtime.InteropServices;
using Demo;

DemoOptions options;
try
{
    options = DemoOptions.Parse(args);
}
catch (ArgumentException failure)
{
    Console.Error.WriteLine(failure.Message);
    Console.Error.WriteLine("See ./demo.sh --help");
    return 2;
}

// Whoever interrupts the demo must find nothing left running, so no signal ends it before its children.
using var stop = new CancellationTokenSource();
PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
var registrations = signals.Select(signal => PosixSignalRegistration.Create(signal, context =>
{
    context.Cancel = true;
    stop.Cancel();
})).ToList();
try
{
    return await new Stage(options, new Screen()).PlayAsync(stop.Token);
}
finally
{
    registrations.ForEach(registration => registration.Dispose());
}
