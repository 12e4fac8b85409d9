using System.Net.Http.Json;
using System.Text.Json;
using Chaos;
using Demo;
using Scribe;

namespace Pods.Writes;

/// <summary>
/// One for each pod: asks its silo to read the table, and, while it is told to, for a compare-and-swap upon what was
/// read, again and again. All ask at once, so most versions are asked for by several.
/// </summary>
internal sealed class Clerks(Run run) : IAsyncDisposable
{
    /// <summary>The silo bounds its reads and writes itself; only one that is stopped takes so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(120);

    private const int Several = 5;

    // A silo that starts reads and then writes, as Orleans does: it needs a second in which the table is let be.
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(1);

    private readonly Attempts _attempts = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Patience };
    private readonly Dictionary<Pod, Task> _loops = [];
    private Task _newcomers = Task.CompletedTask;
    private long _writingSince = -1;

    public void Start() => _newcomers = NewcomersAsync();

    /// <summary>From now on compare-and-swaps are asked for, in bursts, the first at once.</summary>
    public void BeginWriting() => Volatile.Write(ref _writingSince, run.Now.Ticks);

    /// <summary>Waits until some have won: what begins then begins in the midst of it.</summary>
    public Task UntilWinningAsync() =>
        run.UntilAsync("silos write", () => _attempts.Won >= Several ? null : $"{_attempts.Won} won");

    /// <summary>From now on they only read.</summary>
    public void EndWriting() => Volatile.Write(ref _writingSince, -1);

    /// <summary>Asks nothing any more, but that these read once again, and judges all that was told.</summary>
    public async Task ConcludeAsync(IEnumerable<Pod> readers)
    {
        await StopAsync();
        foreach (var pod in readers)
        {
            if (await ReadAsync(pod, run.Stop) is null)
                throw new DemoFailed($"{pod.Name} does not read") { Logs = [pod.Name] };
        }

        var sums = _attempts.Conclude();
        run.Check("compare-and-swaps", sums.Won > 0, $"{sums}", "some won");
        var faults = _attempts.Faults;
        run.Check("what silos were told of them", faults.Count == 0,
            faults.Count == 0 ? "true" : $"{faults.Count}: {string.Join("; ", faults.Take(5))}", "true");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _newcomers;
        await Task.WhenAll(_loops.Values);
    }

    private bool IsWriting => Volatile.Read(ref _writingSince) is >= 0 and var since
        && (run.Now.Ticks - since) % Turn.Ticks < Busy.Ticks;

    private async Task NewcomersAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            foreach (var pod in run.Kubelet.Pods.Where(pod => !_loops.ContainsKey(pod))) _loops[pod] = LoopAsync(pod);
            await PauseAsync();
        }
    }

    private async Task LoopAsync(Pod pod)
    {
        while (!_stop.IsCancellationRequested && !pod.IsGone)
        {
            var read = pod.IsRunning ? await ReadAsync(pod, _stop.Token) : null;
            await PauseAsync();
            if (read is not { } told || !IsWriting || !told.Table.IsOfActive) continue;
            await WriteAsync(pod, told.Table, told.Etag);
            await PauseAsync();
        }
    }

    // Also between a read and its write: there the others come in between, and so do faults.
    private async Task PauseAsync() => await Task.Delay(LongestPause * Random.Shared.NextDouble(), _stop.Token)
        .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task<(SeenTable Table, string Etag)?> ReadAsync(Pod pod, CancellationToken stop)
    {
        var asked = run.Now;
        try
        {
            if (await _http.GetFromJsonAsync<TablePage>(pod.AppUrl + Visit.Path, stop) is not { } page) return null;
            var table = SeenTable.Of(page);
            _attempts.Read(table, asked, run.Now);
            return (table, page.Etag);
        }
        catch (Exception failure) when (IsNoAnswer(failure))
        {
            return null;
        }
    }

    // An attempt that has begun is not cut short: then nobody would be told what became of it.
    private async Task WriteAsync(Pod pod, SeenTable read, string etag)
    {
        var attempt = _attempts.Ask(read);
        var outcome = Outcome.Unknown;
        try
        {
            using var answer = await _http.PostAsJsonAsync(pod.AppUrl + Visit.Path, new Order(etag, attempt.Mark));
            if (answer.IsSuccessStatusCode && await answer.Content.ReadFromJsonAsync<Receipt>() is { } receipt)
                outcome = receipt.Won ? Outcome.Won : Outcome.Lost;
        }
        catch (Exception failure) when (IsNoAnswer(failure))
        {
            // Whatever became of it: nobody was told.
        }

        _attempts.Told(attempt, outcome, run.Now);
    }

    private static bool IsNoAnswer(Exception failure) =>
        failure is HttpRequestException or IOException or OperationCanceledException or JsonException;
}
