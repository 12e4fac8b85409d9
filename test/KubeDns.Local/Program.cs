using System.Net.Sockets;
using System.Runtime.InteropServices;
using KubeDns.Local.Control;
using KubeDns.Local.Server;

const int Failed = 1;
const int Misused = 2;

try
{
    if (CommandLine.Parse(args) is not { } options)
    {
        Console.WriteLine(CommandLine.Help);
        return 0;
    }

    var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    await using var dns = await LocalDnsServer.StartAsync(options);
    var control = dns.ControlEndPoint is { } address ? $"http://{address}" : "none";
    Console.WriteLine($"Listening on {dns.EndPoint} (UDP and TCP), zone {options.Zone}, control {control}.");
    await await Task.WhenAny(stop.Task, dns.Completion);
    Console.WriteLine("Stopped.");
    return 0;

    void Stop(PosixSignalContext signal)
    {
        // Otherwise the runtime would end the process before the ports are closed.
        signal.Cancel = true;
        stop.TrySetResult();
    }
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message);
    return Misused;
}
catch (Exception e) when (e is SocketException or IOException)
{
    Console.Error.WriteLine($"Cannot listen: {e.Message}");
    return Failed;
}
