using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace TableBench;

/// <summary>The tables at the end, and the same as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void Write(Benchmark benchmark, TableOptions options)
    {
        var figures = benchmark.Cells.Select(Figures.Of).ToList();
        var ratios = Ratio.Of(figures).ToList();
        foreach (var group in figures.GroupBy(each => (each.Rows, each.Callers))) Show(group.Key, [.. group]);
        if (ratios.Exists(ratio => ratio.Beside.StartsWith("etcd", StringComparison.Ordinal))) Show(ratios);
        foreach (var (name, reason) in benchmark.Skipped) Console.WriteLine($"Skipped: {name}: {reason}");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Json))!);
        File.WriteAllText(options.Json, JsonSerializer.Serialize(new
        {
            At = DateTime.UtcNow,
            Processors = Environment.ProcessorCount,
            options.Rounds,
            Seconds = options.Length.TotalSeconds,
            Figures = figures,
            Ratios = ratios,
            Skipped = benchmark.Skipped.Select(each => new { each.Name, each.Reason }),
        }, Json));
        Console.WriteLine($"The figures are in {options.Json}");
    }

    private static void Show((int Rows, int Callers) group, IReadOnlyList<Figures> figures)
    {
        var operations = figures.Select(each => each.Operation).Distinct().ToList();
        var table = Table($"{group.Rows} rows, {group.Callers} callers: done per second, p50 / p99 of a call in ms, "
            + "processor ms of caller + servers for each done");
        table.AddColumn("");
        foreach (var operation in operations) table.AddColumn(new TableColumn(operation).RightAligned());
        foreach (var backend in figures.GroupBy(each => each.Backend))
        {
            table.AddRow([backend.Key, .. backend.Select(each =>
                $"{Number(each.PerSecond)}  {Number(each.P50)} / {Number(each.P99)}  "
                + $"{Number(each.CallerCpu)} + {Number(each.ServerCpu)}{Trouble(each)}")]);
        }

        AnsiConsole.Write(table);
    }

    // The aims are held against etcd; the others' ratios are in the JSON.
    private static void Show(IReadOnlyList<Ratio> ratios)
    {
        var table = Table("kubedns ÷ etcd of as many replicas: done per second, p50, p99, processor time");
        table.AddColumns("", "rows", "callers", "per second", "p50", "p99", "processor");
        foreach (var ratio in ratios.Where(ratio => ratio.Beside.StartsWith("etcd", StringComparison.Ordinal)))
        {
            table.AddRow(
                $"{ratio.Operation}, {ratio.Backend} ÷ {ratio.Beside}", $"{ratio.Rows}", $"{ratio.Callers}",
                Number(ratio.PerSecond), Number(ratio.P50), Number(ratio.P99), Number(ratio.Cpu));
        }

        AnsiConsole.Write(table);
    }

    private static string Trouble(Figures figures) =>
        (figures.Lost > 0 ? $" ({100.0 * figures.Lost / figures.Calls:0}% lost)" : "")
        + (figures.Failed > 0 ? $" ({figures.Failed} failed)" : "");

    private static string Number(double value) =>
        value.ToString(value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);

    private static Spectre.Console.Table Table(string title)
    {
        // A file has no width; the lines must not be broken there.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 200;
        return new Spectre.Console.Table().Title(Markup.Escape(title)).Border(TableBorder.Simple);
    }
}
