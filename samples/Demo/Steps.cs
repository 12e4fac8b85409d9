using System.Diagnostics;

namespace Demo;

/// <summary>One line of the table at the end.</summary>
internal sealed record StepResult(string Name, TimeSpan Took, TimeSpan Limit, bool CameTrue);

/// <summary>Runs the steps, each against its time limit, and keeps what they took.</summary>
internal sealed class Steps(Screen screen, Action requireNoneLost)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly List<StepResult> _results = [];

    public IReadOnlyList<StepResult> Results => _results;

    /// <summary>
    /// Waits until <paramref name="missing"/> gives null; what it gives otherwise is the reason if time runs out.
    /// </summary>
    public async Task UntilAsync(
        string name, int seconds, Func<CancellationToken, Task<string?>> missing, CancellationToken cancellationToken)
    {
        var limit = TimeSpan.FromSeconds(seconds);
        var clock = Stopwatch.StartNew();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(limit);
        string? reason = "nothing was seen";
        var cameTrue = false;
        try
        {
            while ((reason = await missing(deadline.Token)) is not null)
            {
                requireNoneLost();
                await Task.Delay(Period, deadline.Token);
            }

            cameTrue = true;
            screen.Line("done", $"{name}: {clock.Elapsed.TotalSeconds:0.0} s", "bold green");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DemoFailed($"{name}: not within {seconds} s: {reason}");
        }
        finally
        {
            _results.Add(new StepResult(name, clock.Elapsed, limit, cameTrue));
        }
    }

    /// <summary>The same for a condition that needs no waiting itself.</summary>
    public Task UntilAsync(string name, int seconds, Func<string?> missing, CancellationToken cancellationToken) =>
        UntilAsync(name, seconds, _ => Task.FromResult(missing()), cancellationToken);
}
