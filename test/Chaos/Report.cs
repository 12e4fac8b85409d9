using System.Text.Encodings.Web;
using System.Text.Json;
using Orleans.Configuration;

namespace Chaos;

/// <summary>What is told while scenarios play, and the table and the JSON at the end.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>What differs from a cluster, and the options on which the times rest.</summary>
    public static string Settings(StageSettings settings)
    {
        var options = new KubeDnsClusteringOptions();
        var (probe, backOff) = (settings.Probe, settings.BackOff);
        return $"""
            readiness probe {probe.Failures} × {probe.Period.TotalSeconds:0.#} s (manifest: 3 × 5 s), no liveness probe;
            containers restarted after {backOff.First.TotalSeconds:0.#} s, doubled up to {backOff.Longest.TotalSeconds:0.#} s (kubelet: at once, then 10 s up to 300 s);
            DnsStaleness {settings.DnsStaleness.TotalSeconds:0.#} s; defaults: RefusedFor {options.RefusedFor.TotalSeconds:0.#} s, RemovedFor {options.RemovedFor.TotalSeconds:0.#} s, NotReadyFor {options.NotReadyFor.TotalSeconds:0.#} s, RescueAfter {options.RescueAfter.TotalSeconds:0.#} s, StallFence {options.StallFence.TotalSeconds:0.#} s
            """;
    }

    public static void Progress(Measure measure) => Console.WriteLine(
        $"  {Word(measure.Verdict),-6} {measure.What}: {measure.Seen} (expected {measure.Expected})");

    public static void Table(IReadOnlyList<Measure> measures)
    {
        string[] heads = ["scenario", "what was measured", "seen", "expected", ""];
        var rows = measures.Select(each =>
            new[] { each.Scenario, each.What, each.Seen, each.Expected, Word(each.Verdict) }).Prepend(heads).ToList();
        // A reason may be long: it is told, but does not widen the table.
        var widths = Enumerable.Range(0, heads.Length)
            .Select(column => rows.Max(row => Math.Min(row[column].Length, 70))).ToList();
        Console.WriteLine();
        foreach (var row in rows)
        {
            Console.WriteLine(string.Join("  ", row.Zip(widths, (text, width) => text.PadRight(width))).TrimEnd());
        }
    }

    public static void Write(string file, StageSettings settings, IReadOnlyList<Measure> measures) =>
        File.WriteAllText(file, JsonSerializer.Serialize(new
        {
            settings = Settings(settings).Split('\n'),
            measures = measures.Select(each => new
            {
                each.Scenario,
                each.What,
                each.Seen,
                each.Seconds,
                each.Expected,
                verdict = Word(each.Verdict),
            }),
        }, Json));

    public static string Word(Verdict verdict) => verdict switch
    {
        Verdict.Ok => "ok",
        Verdict.Late => "late",
        _ => "FAILED",
    };
}
