using Demo;

namespace Servers;

/// <summary>
/// A server process of a benchmark's own, with a folder of its own: started on free ports, ended by its process id,
/// and gone with its data.
/// </summary>
internal sealed class Server : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly ChildProcess _process;

    private Server(ChildProcess process) => _process = process;

    /// <summary>How it is asked to end; what it has written need not outlive it.</summary>
    public string StopSignal { get; init; } = "TERM";

    public int ProcessId => _process.Id;

    public static Server Start(string name, string folder, string[] command) => new(
        ChildProcess.Start(name, Path.Combine(folder, "log.txt"), folder, command, new Dictionary<string, string>()));

    /// <summary>Tries until it works: the question is the server's own protocol's.</summary>
    /// <exception cref="NotAvailable">It ended, or did not answer in time.</exception>
    public async Task UntilAnswersAsync(Func<CancellationToken, Task> ask, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        while (true)
        {
            try
            {
                await ask(limit.Token);
                return;
            }
            catch (Exception failure) when (!limit.IsCancellationRequested)
            {
                if (_process.HasExited)
                    throw new NotAvailable($"{_process.Name} ended: {string.Join(' ', _process.Tail(3))}", failure);
            }
            catch (Exception failure) when (!stop.IsCancellationRequested)
            {
                throw new NotAvailable($"{_process.Name} did not answer within {Patience.TotalSeconds} s", failure);
            }

            await Task.Delay(Period, stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await Programs.SignalAsync(_process.Id, StopSignal);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _process.WaitForExitAsync(limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_process.HasExited) return;
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
    }
}
