using System.Diagnostics;
using Orleans;
using Servers;
using TableBench.Backends;
using TableBench.Load;

namespace TableBench;

/// <summary>An operation on one backend, with so many callers and rows; a sample for each round.</summary>
internal sealed record Cell(IBackend Backend, Operation Operation, int Callers, int Rows)
{
    public List<Sample> Samples { get; } = [];
}

/// <summary>Starts the backends, measures them in turn, and ends them, whatever happens.</summary>
internal sealed class Benchmark(TableOptions options, IReadOnlyList<IBackend> backends) : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubedns-bench-").FullName;
    private readonly Dictionary<IBackend, IMembershipTable> _tables = [];

    public List<Cell> Cells { get; } = [];

    /// <summary>Names and reasons.</summary>
    public List<(string Name, string Reason)> Skipped { get; } = [];

    public async Task RunAsync(CancellationToken stop)
    {
        // Servers that run as another user have their folders in this one.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder, (UnixFileMode)Convert.ToInt32("711", 8));
        foreach (var backend in backends) await StartAsync(backend, stop);
        foreach (var rows in options.Rows)
        {
            foreach (var backend in _tables.Keys.ToList()) await FillAsync(backend, rows, stop);
            await WarmUpAsync(rows, stop);
            for (var round = 1; round <= options.Rounds; round++) await RoundAsync(rows, round, stop);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var backend in backends) await backend.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartAsync(IBackend backend, CancellationToken stop)
    {
        Console.WriteLine($"{backend.Name}: starting");
        try
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder, backend.Name.Replace(' ', '-'))).FullName;
            var table = await backend.StartAsync(folder, stop);
            await table.InitializeMembershipTableAsync(true, stop);
            _tables[backend] = table;
        }
        catch (NotAvailable failure)
        {
            Console.WriteLine($"{backend.Name}: skipped: {failure.Message}");
            Skipped.Add((backend.Name, failure.Message));
        }
    }

    private async Task FillAsync(IBackend backend, int rows, CancellationToken stop)
    {
        Console.WriteLine($"{backend.Name}: filling the table to {rows} rows");
        try
        {
            await Rows.FillAsync(_tables[backend], rows, stop);
        }
        catch (Exception failure) when (!stop.IsCancellationRequested)
        {
            Console.WriteLine($"{backend.Name}: given up: {failure.Message}");
            Skipped.Add((backend.Name, failure.Message));
            _tables.Remove(backend);
        }
    }

    // What first calls cost, here and there, is not what is asked: .NET compiles again what has run often.
    private async Task WarmUpAsync(int rows, CancellationToken stop)
    {
        foreach (var table in _tables.Values)
        {
            foreach (var operation in Enum.GetValues<Operation>())
                await new Callers(table, [], rows, options.Callers.Max())
                    .RunAsync(operation, 3 * options.Length, stop);
        }
    }

    // Backends innermost: what else goes on on this machine then troubles them alike.
    private async Task RoundAsync(int rows, int round, CancellationToken stop)
    {
        foreach (var callers in options.Callers)
        {
            var clock = Stopwatch.StartNew();
            foreach (var operation in Enum.GetValues<Operation>())
            {
                foreach (var (backend, table) in _tables)
                {
                    var calls = new Callers(table, [.. backend.ProcessIds], rows, callers);
                    Cell(backend, operation, callers, rows).Samples.Add(
                        await calls.RunAsync(operation, options.Length, stop));
                }
            }

            Console.WriteLine($"{rows} rows, {callers} callers, round {round} of {options.Rounds}: "
                + $"{clock.Elapsed.TotalSeconds:0.0} s");
        }
    }

    private Cell Cell(IBackend backend, Operation operation, int callers, int rows)
    {
        var cell = Cells.Find(cell =>
            cell.Backend == backend && cell.Operation == operation && cell.Callers == callers && cell.Rows == rows);
        if (cell is null) Cells.Add(cell = new Cell(backend, operation, callers, rows));
        return cell;
    }
}
