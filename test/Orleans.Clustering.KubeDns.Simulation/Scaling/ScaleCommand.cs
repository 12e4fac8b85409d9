using System.Globalization;
using System.Text.Json;

namespace Orleans.Clustering.KubeDns.Simulation.Scaling;

/// <summary>
/// The command: sizes in turn, a table at the end, all figures as JSON, written after each stretch. A size that does
/// not come to its end ends the command; those before it are told.
/// </summary>
internal static class ScaleCommand
{
    private const long SteadyFor = 120_000;
    private const int DidNotSettle = 4;

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    public static int Run(string sizes, string? json)
    {
        var framing = Framing.MeasureAsync().GetAwaiter().GetResult();
        Console.WriteLine($"Frames add {framing.OfRequest:F0} bytes to a request, {framing.OfReply:F0} to a reply");
        var results = new List<ScaleResult>();
        var failed = false;
        foreach (var size in sizes.Split(',').Select(Size).ToList().TakeWhile(_ => !failed))
        {
            try
            {
                results.Add(ScaleRun.Execute(size, SteadyFor, Console.Error.WriteLine, Save));
            }
            catch (SimulationFailedException failure)
            {
                Console.Error.WriteLine(failure.Message);
                failed = true;
            }
        }

        if (results.Count > 0) Console.WriteLine(Table(results, framing));
        return failed ? DidNotSettle : 0;

        // After each stretch: a large size takes long, and what it has shown so far is worth keeping.
        void Save(ScaleResult soFar)
        {
            if (json is null) return;
            var all = new { framing, results = results.Append(soFar) };
            File.WriteAllText(json, JsonSerializer.Serialize(all, Format) + "\n");
        }
    }

    private static int Size(string text) => int.TryParse(text, out var size) && size is > 0 and <= 10_000
        ? size
        : throw new ArgumentException($"'{text}' is not a number of silos.");

    private static string Table(IReadOnlyList<ScaleResult> results, Framing framing)
    {
        double Whole(PerSilo one) =>
            one.BytesPerSecond + (one.MessagesPerSecond / 2 * (framing.OfRequest + framing.OfReply));
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
            ("steady, other silo: with frames", one => Whole(one.Steady.Others)),
            ("steady, voter: messages/s", one => one.Steady.Voters.MessagesPerSecond),
            ("steady, voter: bytes/s", one => one.Steady.Voters.BytesPerSecond),
            ("steady, voter: with frames", one => Whole(one.Steady.Voters)),
            ("steady, leader: messages/s", one => one.Steady.Leader.MessagesPerSecond),
            ("steady, leader: bytes/s", one => one.Steady.Leader.BytesPerSecond),
            ("steady, leader: with frames", one => Whole(one.Steady.Leader)),
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
