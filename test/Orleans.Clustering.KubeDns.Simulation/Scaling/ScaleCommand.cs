using System.Globalization;
using System.Text.Json;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>The command: sizes in turn, a table at the end, all figures as JSON, written after each size.</summary>
internal static class ScaleCommand
{
    private const long SteadyFor = 120_000;

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    public static int Run(string sizes, string? json)
    {
        var results = new List<ScaleResult>();
        foreach (var size in sizes.Split(',').Select(Size).ToList())
        {
            results.Add(ScaleRun.Execute(size, SteadyFor, Console.Error.WriteLine));
            if (json is not null) File.WriteAllText(json, JsonSerializer.Serialize(results, Format) + "\n");
        }

        Console.WriteLine(Table(results));
        return 0;
    }

    private static int Size(string text) => int.TryParse(text, out var size) && size is > 0 and <= 10_000
        ? size
        : throw new ArgumentException($"'{text}' is not a number of silos.");

    private static string Table(IReadOnlyList<ScaleResult> results)
    {
        (string Name, Func<ScaleResult, double> Of)[] lines =
        [
            ("all Active after (s)", one => one.Form.ActiveAfter),
            ("of which until founded (s)", one => one.Form.FoundedAfter),
            ("compare-and-swaps lost", one => one.Form.Losses),
            ("messages until then, per silo", one => (double)one.Form.Cost.Messages / one.Silos),
            ("KB until then, per silo", one => one.Form.Cost.Bytes / 1e3 / one.Silos),
            ("us a step until then", one => one.Form.Cost.StepMicroseconds),
            ("steady, other silo: messages/s", one => one.Steady.Others.MessagesPerSecond),
            ("steady, other silo: bytes/s", one => one.Steady.Others.BytesPerSecond),
            ("steady, voter: messages/s", one => one.Steady.Voters.MessagesPerSecond),
            ("steady, voter: bytes/s", one => one.Steady.Voters.BytesPerSecond),
            ("steady, leader: messages/s", one => one.Steady.Leader.MessagesPerSecond),
            ("steady, leader: bytes/s", one => one.Steady.Leader.BytesPerSecond),
            ("steady, other silo: us a step", one => one.Steady.Others.StepMicroseconds),
            ("steady, leader: us a step", one => one.Steady.Leader.StepMicroseconds),
            ("steady, leader: CPU (permille)", one => one.Steady.Leader.CpuPermille),
            ("DNS queries/s, all", one => one.Steady.LookUpsPerSecond),
            ("DNS queries/s, a silo", one => one.Steady.LookUpsPerSecond / one.Silos),
            ("rolled at once", one => one.Roll.AtOnce),
            ("rolled in (s)", one => one.Roll.Seconds),
            ("s for each silo rolled", one => one.Roll.SecondsPerSilo),
            ("lost while rolled", one => one.Roll.Losses),
            ("us a step while rolled", one => one.Roll.Cost.StepMicroseconds),
            ("DNS queries/s while rolled", one => one.Roll.LookUpsPerSecond),
        ];
        var head = "silos".PadRight(34) + string.Concat(results.Select(one => $"{one.Silos,12}"));
        return string.Join('\n', lines.Select(line => line.Name.PadRight(34) + string.Concat(results.Select(
            one => line.Of(one).ToString("F2", CultureInfo.InvariantCulture).PadLeft(12)))).Prepend(head));
    }
}
