using System.Collections.Concurrent;
using Demo;

namespace Chaos;

/// <summary>The first pause before a container is started again, doubled each time up to the longest.</summary>
internal sealed record BackOff(TimeSpan First, TimeSpan Longest);

/// <summary>A container that ended although nobody had deleted its pod.</summary>
internal sealed record Ended(Pod Pod, int ProcessId, int ExitCode, TimeSpan At);

/// <summary>Plays the other half of kubelet: a container that ended is started again in its pod.</summary>
internal sealed class Restarts(Kubelet kubelet, BackOff backOff, Func<TimeSpan> now) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<Ended> _ended = new();
    private readonly Dictionary<Pod, (TimeSpan Pause, TimeSpan Due)> _waiting = [];
    private Task _loop = Task.CompletedTask;

    /// <summary>All that ended so far, whether killed or by itself.</summary>
    public IReadOnlyList<Ended> Ended => [.. _ended];

    public void Start() => _loop = RunAsync();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (var pod in kubelet.Pods.Where(pod => pod is { IsRunning: false, Ending: false, IsGone: false }))
            {
                Look(pod);
            }

            await Task.Delay(Period, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Look(Pod pod)
    {
        var known = _waiting.TryGetValue(pod, out var wait);
        if (!known || wait.Due == TimeSpan.MaxValue)
        {
            _ended.Enqueue(new Ended(pod, pod.Process!.Id, pod.Process.ExitCode, now()));
            var pause = known ? Shorter(wait.Pause * 2, backOff.Longest) : backOff.First;
            _waiting[pod] = (pause, now() + pause);
        }
        else if (now() >= wait.Due)
        {
            _waiting[pod] = (wait.Pause, TimeSpan.MaxValue);
            kubelet.RestartInPlace(pod);
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
