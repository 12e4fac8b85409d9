using System.Runtime.InteropServices;

namespace Demo;

/// <summary>
/// Turns the signals that would end this process, and a limit if there is one, into a token: whoever interrupts it must
/// find nothing left running, so it ends after its children.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly List<PosixSignalRegistration> _registrations;

    public Interruption(TimeSpan? limit = null)
    {
        _stop = new CancellationTokenSource(limit ?? Timeout.InfiniteTimeSpan);
        PosixSignal[] signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP];
        _registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            _stop.Cancel();
        }))];
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        _registrations.ForEach(registration => registration.Dispose());
        _stop.Dispose();
    }
}
