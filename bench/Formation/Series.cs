using FormationBench.Fleet;
using Servers;

namespace FormationBench;

/// <summary>One figure of one trial; no seconds: it failed, for that reason.</summary>
internal sealed record Outcome(
    string Provider, int Size, int Round, string What, double? Seconds, int Lost, double Cpu, string Failure = "");

/// <summary>All trials: providers in turn, so that what else goes on on this machine troubles them alike.</summary>
internal sealed class Series(FormationOptions options) : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubedns-bench-").FullName;
    private readonly List<Provider> _providers =
        [.. Provider.All.Where(provider => options.Providers.Contains(provider.Name))];
    private readonly List<IAsyncDisposable> _stores = [];
    private readonly Status _status = new();

    public List<Outcome> Outcomes { get; } = [];

    /// <summary>Names and reasons.</summary>
    public List<(string Name, string Reason)> Skipped { get; } = [];

    public async Task RunAsync(CancellationToken stop)
    {
        // A store that runs as another user has its folder in this one.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder, (UnixFileMode)Convert.ToInt32("711", 8));
        Console.WriteLine($"Logs in {_folder}");
        foreach (var provider in _providers.ToList()) await StartStoreAsync(provider, stop);
        await using var pods = await Pods.StartAsync();
        for (var round = 1; round <= options.Rounds; round++)
        {
            foreach (var size in options.Sizes)
            {
                foreach (var provider in _providers) await TryAsync(provider, size, round, pods, stop);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores) await store.DisposeAsync();
        _status.Dispose();
        if (Outcomes.All(outcome => outcome.Seconds is not null)) Directory.Delete(_folder, recursive: true);
    }

    private async Task StartStoreAsync(Provider provider, CancellationToken stop)
    {
        var folder = Path.Combine(_folder, $"store-{provider.Name}");
        try
        {
            if (provider.Kind == "adonet") Keep(provider, await Postgres.StartAsync(folder, stop));
            if (provider.Kind == "redis") Keep(provider, await Redis.StartAsync(folder, stop));
        }
        catch (NotAvailable failure)
        {
            Console.WriteLine($"{provider.Name}: skipped: {failure.Message}");
            Skipped.Add((provider.Name, failure.Message));
            _providers.Remove(provider);
        }
    }

    private void Keep<TStore>(Provider provider, TStore store)
        where TStore : IAsyncDisposable
    {
        _stores.Add(store);
        provider.ConnectionString = store is Postgres postgres ? postgres.ConnectionString
            : store is Redis redis ? redis.ConnectionString : "";
    }

    private async Task TryAsync(Provider provider, int size, int round, Pods pods, CancellationToken stop)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{provider.Name}-{size}-{round}")).FullName;
        void Add(Outcome outcome)
        {
            Outcomes.Add(outcome);
            Report.Progress(outcome, options.Rounds);
        }

        await using var silos = new Silos(provider, pods, folder);
        var trial = new Trial(provider, silos, _status, options.Only, measure =>
            Add(new Outcome(provider.Name, size, round, measure.What, measure.Seconds, measure.Lost, measure.Cpu)));
        try
        {
            await trial.RunAsync(size, stop);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            // A trial that stumbles has shown nothing, and those after it may still be run.
            Add(new Outcome(provider.Name, size, round, "failed", null, 0, 0, $"{failure.Message}; logs in {folder}"));
        }
    }
}
