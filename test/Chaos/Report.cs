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
        static string Show(TimeSpan time) => $"{time.TotalSeconds:0.#} s";
        return $"""
            readiness probe {probe.Failures} × {Show(probe.Period)} (manifest: 3 × 5 s), no liveness probe
            restarted after {Show(backOff.First)}, doubled up to {Show(backOff.Longest)} (kubelet: 10–300 s)
            DnsStaleness {Show(settings.DnsStaleness)} (no cache stands between)
            defaults: RefusedFor {Show(options.RefusedFor)}, RemovedFor {Show(options.RemovedFor)}
            defaults: NotReadyFor {Show(options.NotReadyFor)}, RescueAfter {Show(options.RescueAfter)}
            defaults: StallFence {Show(options.StallFence)}, VoterTimeout {Show(options.VoterTimeout)}
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
