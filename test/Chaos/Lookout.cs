using System.Collections.Concurrent;
using System.Diagnostics;
using Demo;
using Formation;

namespace Chaos;

/// <summary>What one process said of itself, at some moment between these two; null: it did not answer.</summary>
internal sealed record Sample(Pod Pod, int ProcessId, TimeSpan Asked, TimeSpan Answered, Told? Told);

/// <summary>
/// Asks every pod's silo again and again, each by itself: one that is stopped keeps nobody waiting for the others.
/// </summary>
internal sealed class Lookout(Kubelet kubelet, Watch watch) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentDictionary<Pod, Sample> _latest = new();
    private readonly Dictionary<Pod, Task> _loops = [];
    private volatile TaskCompletionSource _next = NewSignal();
    private Task _newcomers = Task.CompletedTask;

    /// <summary>Every sample, in turn, never two at once.</summary>
    public event Action<Sample>? Seen;

    /// <summary>Since this looking began: the clock of all times in a scenario.</summary>
    public TimeSpan Now => _clock.Elapsed;

    public void Start() => _newcomers = NewcomersAsync();

    /// <summary>What the process that runs in this pod now said last; null if it did not answer.</summary>
    public Told? Of(Pod pod) =>
        pod.IsRunning && _latest.GetValueOrDefault(pod) is { } sample && sample.ProcessId == pod.Process!.Id
            ? sample.Told
            : null;

    /// <summary>Waits until nothing is missing, which is looked at after each sample.</summary>
    /// <exception cref="DemoFailed">Not in time; the message tells what was missing last.</exception>
    public async Task UntilAsync(string what, TimeSpan limit, Func<string?> missing, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(limit);
        while (true)
        {
            var next = _next.Task;
            if (missing() is not { } reason) return;
            try
            {
                await next.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                throw new DemoFailed($"{what}: not within {limit.TotalSeconds:0} s: {reason}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _newcomers;
        await Task.WhenAll(_loops.Values);
        _stop.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task NewcomersAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (var pod in kubelet.Pods.Where(pod => !_loops.ContainsKey(pod)))
            {
                _loops[pod] = LoopAsync(pod);
            }

            await Task.Delay(Period, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LoopAsync(Pod pod)
    {
        while (!_stop.IsCancellationRequested && !pod.IsGone)
        {
            Note(await AskAsync(pod));
            await Task.Delay(Period, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _latest.TryRemove(pod, out _);
    }

    private async Task<Sample> AskAsync(Pod pod)
    {
        var process = pod.Process!;
        var asked = Now;
        var told = process.HasExited ? null : await SayAsync(pod);
        // A process that took its predecessor's place in between may be the one that answered.
        return new Sample(pod, process.Id, asked, Now, pod.Process == process ? told : null);
    }

    private async Task<Told?> SayAsync(Pod pod)
    {
        try
        {
            return await watch.AskAsync(pod, _stop.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private void Note(Sample sample)
    {
        lock (_clock)
        {
            _latest[sample.Pod] = sample;
            Seen?.Invoke(sample);
        }

        Interlocked.Exchange(ref _next!, NewSignal()).TrySetResult();
    }
}
