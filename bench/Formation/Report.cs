using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace FormationBench;

/// <summary>Progress, the tables at the end, and the same as JSON.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static void Progress(Outcome outcome, int rounds) => Console.WriteLine(outcome.Seconds is { } seconds
        ? $"round {outcome.Round}/{rounds}  {outcome.Size,2} silos  {outcome.Provider,-18} {outcome.What,-8} "
            + $"{Seconds(seconds),7} s  {outcome.Lost} lost"
        : $"round {outcome.Round}/{rounds}  {outcome.Size,2} silos  {outcome.Provider,-18} FAILED: {outcome.Failure}");

    public static void Write(Series series, FormationOptions options)
    {
        var figures = Figure.Of(series.Outcomes).ToList();
        var aims = Aim.Of(figures).ToList();
        Show(figures);
        if (aims.Count > 0) Show(aims);
        foreach (var (name, reason) in series.Skipped) Console.WriteLine($"Skipped: {name}: {reason}");
        foreach (var outcome in series.Outcomes.Where(outcome => outcome.Seconds is null))
            Console.WriteLine($"FAILED: {outcome.Provider}, {outcome.Size} silos: {outcome.Failure}");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Json))!);
        File.WriteAllText(options.Json, JsonSerializer.Serialize(new
        {
            At = DateTime.UtcNow,
            Processors = Environment.ProcessorCount,
            Figures = figures,
            Aims = aims,
            series.Outcomes,
            Skipped = series.Skipped.Select(each => new { each.Name, each.Reason }),
        }, Json));
        Console.WriteLine($"The figures are in {options.Json}");
    }

    private static void Show(IReadOnlyList<Figure> figures)
    {
        var providers = figures.Select(figure => figure.Provider).Distinct().ToList();
        var table = Table(
            "Seconds: median (least–most); until then: compare-and-swaps lost, processor seconds of a silo (medians)");
        table.AddColumns("", "silos");
        foreach (var provider in providers) table.AddColumn(new TableColumn(provider).RightAligned());
        foreach (var row in figures.GroupBy(figure => (figure.What, figure.Size)))
        {
            table.AddRow([row.Key.What, $"{row.Key.Size}", .. providers.Select(provider =>
                row.FirstOrDefault(figure => figure.Provider == provider) is { } figure ? Text(figure) : "–")]);
        }

        AnsiConsole.Write(table);
    }

    private static void Show(IReadOnlyList<Aim> aims)
    {
        var table = Table("Aims, as ratios in this run");
        table.AddColumns("aim", "silos", "is", "");
        foreach (var aim in aims)
            table.AddRow(aim.Text, $"{aim.Size}", Seconds(aim.Ratio), aim.IsMet ? "met" : "MISSED");
        AnsiConsole.Write(table);
    }

    private static string Text(Figure figure) =>
        $"{Seconds(figure.Median)} ({Seconds(figure.Least)}–{Seconds(figure.Most)})"
        + (figure.What == "form" ? $" {figure.Lost} lost, cpu {Seconds(figure.Cpu)}" : "");

    private static string Seconds(double seconds) => seconds.ToString("0.00", CultureInfo.InvariantCulture);

    private static Spectre.Console.Table Table(string title)
    {
        // A file has no width; the lines must not be broken there.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 220;
        return new Spectre.Console.Table().Title(Markup.Escape(title)).Border(TableBorder.Simple);
    }
}
