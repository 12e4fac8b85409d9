using System.Collections.Concurrent;
using System.Diagnostics;
using Demo;

namespace Chaos;

/// <summary>What became of a load's calls: those that failed, and those that failed again at once.</summary>
internal sealed record LoadResult(
    int Calls, IReadOnlyList<string> FailedOnce, IReadOnlyList<string> FailedTwice, TimeSpan LongestGap)
{
    public string Text => $"{FailedOnce.Count} of {Calls} failed, {FailedTwice.Count} twice";

    /// <summary>The failures by their kinds; empty if there were none.</summary>
    public string Kinds => string.Join("; ", FailedOnce.Concat(FailedTwice.Select(text => $"{text} at the second try"))
        .GroupBy(text => text).Select(kind => $"{kind.Count()} × {kind.Key}"));
}

/// <summary>
/// Goes on asking the silos that are ready, as a client that follows the ready service would: grain calls
/// (<c>/count</c>) or reads of the membership table (<c>/table</c>), each worker one after another. A call that failed
/// is made once more at once: Orleans rejects calls that are on their way to a silo which stops, whoever keeps the
/// table.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
    private readonly ConcurrentQueue<string> _once = new();
    private readonly ConcurrentQueue<string> _twice = new();
    private readonly Func<IReadOnlyList<Pod>> _pods;
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly List<Task> _workers;
    private readonly Lock _gate = new();
    private int _calls;
    private TimeSpan _lastSuccess;
    private TimeSpan _longestGap;

    private Load(Func<IReadOnlyList<Pod>> pods, int workers, Func<int, HttpRequestMessage> next)
    {
        _pods = pods;
        _workers = [.. Enumerable.Range(0, workers).Select(worker => WorkAsync(worker, next))];
    }

    public static Load OfGrainCalls(Func<IReadOnlyList<Pod>> pods) => new(pods, workers: 3, number =>
        new HttpRequestMessage(HttpMethod.Post, $"/count/grain-{number % 60}"));

    public static Load OfTableReads(Func<IReadOnlyList<Pod>> pods) => new(pods, workers: 1, _ =>
        new HttpRequestMessage(HttpMethod.Get, "/table"));

    public async Task<LoadResult> EndAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
        lock (_gate)
        {
            return new LoadResult(_calls, [.. _once], [.. _twice], Later(_longestGap, _clock.Elapsed - _lastSuccess));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task WorkAsync(int worker, Func<int, HttpRequestMessage> next)
    {
        for (var number = worker; !_stop.IsCancellationRequested; number += 7)
        {
            var pods = _pods();
            if (pods.Count > 0 && !await CallAsync(pods[number % pods.Count], next(number), _once)
                && _pods() is { Count: > 0 } others)
            {
                await CallAsync(others[(number + 1) % others.Count], next(number), _twice);
            }

            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> CallAsync(Pod pod, HttpRequestMessage request, ConcurrentQueue<string> failures)
    {
        using var message = request;
        message.RequestUri = new Uri(pod.AppUrl + message.RequestUri);
        var failure = "";
        try
        {
            using var answer = await _http.SendAsync(message, _stop.Token);
            if (!answer.IsSuccessStatusCode) failure = $"{(int)answer.StatusCode}";
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return true;
        }
        catch (Exception unanswered) when (unanswered is HttpRequestException or OperationCanceledException)
        {
            failure = unanswered is HttpRequestException ? "connection refused or reset" : "no answer";
        }

        if (failure.Length > 0) failures.Enqueue($"{pod.Name}{(pod.Ending ? " (being deleted)" : "")}: {failure}");
        Note(failure.Length == 0);
        return failure.Length == 0;
    }

    private void Note(bool success)
    {
        lock (_gate)
        {
            _calls++;
            if (!success) return;
            _longestGap = Later(_longestGap, _clock.Elapsed - _lastSuccess);
            _lastSuccess = _clock.Elapsed;
        }
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
