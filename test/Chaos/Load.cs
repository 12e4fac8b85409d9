using System.Collections.Concurrent;
using System.Diagnostics;
using Demo;

namespace Chaos;

/// <summary>What became of the calls of a load.</summary>
internal sealed record LoadResult(int Calls, IReadOnlyList<string> Failures, TimeSpan LongestGap)
{
    public string Text => $"{Failures.Count} of {Calls} failed";
}

/// <summary>
/// Goes on asking the silos that are ready, as a client that follows the ready service would: grain calls
/// (<c>/count</c>) or reads of the membership table (<c>/table</c>), each worker one after another.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
    private readonly ConcurrentQueue<string> _failures = new();
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
            return new LoadResult(_calls, [.. _failures], Later(_longestGap, _clock.Elapsed - _lastSuccess));
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
            if (pods.Count > 0) await CallAsync(pods[number % pods.Count], next(number));
            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CallAsync(Pod pod, HttpRequestMessage request)
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
            return;
        }
        catch (Exception unanswered) when (unanswered is HttpRequestException or OperationCanceledException)
        {
            failure = unanswered is HttpRequestException ? "connection refused or reset" : "no answer";
        }

        Note(failure.Length == 0 ? null : $"{pod.Name}{(pod.Ending ? " (being deleted)" : "")}: {failure}");
    }

    private void Note(string? failure)
    {
        lock (_gate)
        {
            _calls++;
            if (failure is not null)
            {
                _failures.Enqueue(failure);
                return;
            }

            _longestGap = Later(_longestGap, _clock.Elapsed - _lastSuccess);
            _lastSuccess = _clock.Elapsed;
        }
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
