using FormationBench.Silo;
using Servers;

namespace FormationBench.Fleet;

/// <summary>What did not come in time, or went wrong; the trial ends with it.</summary>
internal sealed class TrialFailed(string reason) : Exception(reason);

/// <summary>The silos of one cluster, their pods, and what all of them said.</summary>
internal sealed class Silos(Provider provider, Pods pods, string folder) : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan ProbeFails = TimeSpan.FromSeconds(3);
    private static int _addresses;

    private readonly string _cluster = $"bench-{Guid.NewGuid():N}";
    private readonly int[] _ports = Ports.Free(4);
    private readonly string _secret = WriteSecret(folder);
    private readonly List<SiloProcess> _all = [];
    private readonly List<SiloProcess> _live = [];
    private volatile TaskCompletionSource _next = NewSignal();
    private string _primary = "";

    public IReadOnlyList<SiloProcess> Live => _live;

    /// <summary>Each write that a silo told of.</summary>
    public event Action<Wrote>? Written;

    /// <summary>Starts silos of these numbers at once, at new addresses; returns when the last was started.</summary>
    public DateTime Start(IEnumerable<int> numbers)
    {
        var settings = numbers.Select(Settings).ToList();
        foreach (var silo in settings) pods.Publish(silo);
        foreach (var silo in settings)
        {
            var log = Path.Combine(folder, $"{silo.Name}-{silo.Address}.txt");
            var process = SiloProcess.Start(silo, log, Note);
            _all.Add(process);
            _live.Add(process);
        }

        return DateTime.UtcNow;
    }

    /// <summary>SIGKILL; the pod stays and is not ready. Once it is removed another may have its name.</summary>
    public DateTime Kill(SiloProcess silo)
    {
        var now = DateTime.UtcNow;
        silo.Kill();
        _live.Remove(silo);
        pods.SetReady(silo.Settings.Name, false);
        return now;
    }

    public void RemovePod(SiloProcess silo) => pods.Remove(silo.Settings.Name);

    /// <summary>SIGSTOP; its readiness probe fails some seconds later.</summary>
    public async Task<DateTime> HangAsync(SiloProcess silo)
    {
        var now = DateTime.UtcNow;
        await silo.HangAsync();
        _live.Remove(silo);
        _ = Task.Delay(ProbeFails).ContinueWith(_ => pods.SetReady(silo.Settings.Name, false), TaskScheduler.Default);
        return now;
    }

    /// <summary>Waits until all that live see exactly each other as Active; returns when the last one did.</summary>
    public Task<DateTime> UntilAllActiveAsync(CancellationToken stop) =>
        UntilAsync("all Active in all views", () => _live.All(SeesAllActive), stop);

    /// <summary>Waits until no view has that silo but Dead.</summary>
    public Task<DateTime> UntilGoneAsync(SiloProcess gone, CancellationToken stop) => UntilAsync(
        $"{gone.Settings.Name} gone", () => _live.All(silo => silo.View is { } view && view.Members.All(member =>
            !member.Key.StartsWith(gone.Prefix, StringComparison.Ordinal) || member.Value == "Dead")), stop);

    /// <summary>How many compare-and-swaps were lost so far by those that live.</summary>
    public int Lost => _live.Sum(silo => silo.View?.Lost ?? 0);

    /// <summary>Processor seconds that one of them had used when its view last changed, in the mean.</summary>
    public double Cpu => _live.Average(silo => silo.View?.Cpu.TotalSeconds ?? 0);

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _all.Where(silo => !silo.HasExited)) silo.Kill();
        foreach (var silo in _all) await silo.DisposeAsync();
        foreach (var name in _all.Select(silo => silo.Settings.Name).Distinct()) pods.Remove(name);
    }

    private bool SeesAllActive(SiloProcess silo)
    {
        if (silo.View is not { } view) return false;
        var active = view.Members.Where(member => member.Value == "Active").Select(member => member.Key).ToList();
        var expected = provider.IsAlone ? [silo] : _live;
        return active.Count == expected.Count && expected.All(each =>
            active.Exists(key => key.StartsWith(each.Prefix, StringComparison.Ordinal)));
    }

    private async Task<DateTime> UntilAsync(string what, Func<bool> reached, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Limit);
        while (true)
        {
            var next = _next.Task;
            if (reached()) return _live.Max(silo => silo.View!.At);
            if (_live.FirstOrDefault(silo => silo.HasExited) is { } lost)
                throw new TrialFailed($"{what}: {lost.Settings.Name} ended by itself");
            try
            {
                // Once a second in any case, to see a process that ended.
                await next.WaitAsync(TimeSpan.FromSeconds(1), limit.Token);
            }
            catch (TimeoutException)
            {
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                throw new TrialFailed($"{what}: not within {Limit.TotalSeconds:0} s");
            }
        }
    }

    private void Note(SiloProcess silo, Line line)
    {
        if (line is Wrote wrote) Written?.Invoke(wrote);
        if (line is View view && IsActive(silo, view)) pods.SetReady(silo.Settings.Name, true);
        Interlocked.Exchange(ref _next!, NewSignal()).TrySetResult();
    }

    private static bool IsActive(SiloProcess silo, View view) => view.Members.Any(member =>
        member.Value == "Active" && member.Key.StartsWith(silo.Prefix, StringComparison.Ordinal));

    private SiloSettings Settings(int number)
    {
        var index = Interlocked.Increment(ref _addresses);
        var address = $"127.77.{index / 250}.{1 + (index % 250)}";
        if (number == 0) _primary = address;
        return new SiloSettings
        {
            Provider = provider.Kind,
            Cluster = provider.IsAlone ? $"{_cluster}-{number}" : _cluster,
            Name = $"silo-{number}",
            Address = address,
            SiloPort = _ports[0],
            GatewayPort = _ports[1],
            DiscoveryPort = _ports[2],
            StatusPort = _ports[3],
            Primary = provider.IsAlone ? address : _primary,
            ConnectionString = provider.ConnectionString,
            NameServer = pods.NameServer,
            DnsStaleness = provider.DnsStaleness,
            SecretFile = _secret,
            IsUnordered = provider.IsUnordered,
        };
    }

    private static string WriteSecret(string folder)
    {
        var file = Path.Combine(folder, "secret");
        File.WriteAllText(file, $"{Guid.NewGuid()}{Guid.NewGuid()}");
        return file;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
