using System.Globalization;

namespace TableBench;

/// <summary>What the user asked for.</summary>
internal sealed record TableOptions
{
    public const string Help = """
        Usage: bench/table.sh [--quick] [--backends A,B] [--rows N,N] [--callers N,N] [--rounds N] [--length S]
                              [--json FILE] [--help]

        Measures operations on a membership table: ReadAll, InsertRow, UpdateRow and UpdateIAmAlive, with one caller and
        with sixteen, on tables of 10, 100 and 500 rows. kubedns with 1, 3 and 5 voters, each a process, beside
        PostgreSQL and Redis with Orleans' own providers, etcd with 1 and 3 members, and DotNext's Raft with 1 and 3.
        All are started here on free ports of the loopback, measured in turn, round after round, and ended. What is not
        installed is skipped with a reason. A write is a read and a compare-and-swap at the version read; "per second"
        counts those that won, the latency is that of the compare-and-swap alone.

          --quick          kubedns 1, ten rows, one round of 0.2 s: shows that it works, measures nothing
          --backends A,B   only these: kubedns, postgres, redis, etcd, raft, or one with its replicas, as kubedns-3
          --rows N,N       sizes of the table               (10,100,500)
          --callers N,N    callers at once                  (1,16)
          --rounds N       rounds; the table has medians    (3)
          --length S       seconds of each measurement      (0.5)
          --json FILE      where the figures go             (artifacts/bench/table.json)
          --help           this text

        Exit code: 0 if it was measured to the end, 1 if not, 2 for a wrong argument.
        """;

    /// <summary>Kinds, or names with a dash between kind and replicas; empty: all.</summary>
    public IReadOnlyList<string> Backends { get; private init; } = [];

    public IReadOnlyList<int> Rows { get; private init; } = [10, 100, 500];

    public IReadOnlyList<int> Callers { get; private init; } = [1, 16];

    public int Rounds { get; private init; } = 3;

    public TimeSpan Length { get; private init; } = TimeSpan.FromSeconds(0.5);

    public string Json { get; private init; } = Path.Combine("artifacts", "bench", "table.json");

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static TableOptions Parse(string[] args)
    {
        var options = new TableOptions();
        for (var at = 0; at < args.Length; at++)
        {
            string Value() => ++at < args.Length ? args[at] : throw new ArgumentException($"{args[^1]} needs a value.");
            options = args[at] switch
            {
                "--quick" => options with
                {
                    Backends = ["kubedns-1"], Rows = [10], Rounds = 1, Length = TimeSpan.FromSeconds(0.2),
                },
                "--backends" => options with { Backends = Value().Split(',') },
                "--rows" => options with { Rows = Numbers("--rows", Value()).Order().ToList() },
                "--callers" => options with { Callers = Numbers("--callers", Value()) },
                "--rounds" => options with { Rounds = Numbers("--rounds", Value())[0] },
                "--length" => options with { Length = Seconds(Value()) },
                "--json" => options with { Json = Value() },
                var other => throw new ArgumentException($"Unknown argument: {other}"),
            };
        }

        return options;
    }

    private static List<int> Numbers(string name, string value) =>
        [.. value.Split(',').Select(text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                ? number
                : throw new ArgumentException($"{name} takes numbers from 1 on."))];

    private static TimeSpan Seconds(string value) =>
        double.TryParse(value, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : throw new ArgumentException("--length takes seconds.");
}
