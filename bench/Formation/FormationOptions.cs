using System.Globalization;

namespace FormationBench;

/// <summary>What the user asked for.</summary>
internal sealed record FormationOptions
{
    public const string Help = """
        Usage: bench/formation.sh [--providers A,B] [--sizes N,N] [--rounds N] [--only A,B] [--quick] [--json FILE]
                                  [--help]

        Starts real silos on the loopback, each a process, with Orleans' defaults, and times what happens to clusters:

          form      from the last process's start until all views are equal and all are Active
          crash     one is killed: until no view of the others has it but Dead
          rejoin    another takes its place: until all views are equal
          leader    the one that leads is killed while the table is written: until a write that began later is done
                    (kubedns only: what a store loses when it fails over is not measured)
          hung      one is stopped (SIGSTOP): until no view of the others has it but Dead
          restart   all are killed and others started at new addresses: until all of those see each other Active

        by these providers, in turn, round after round: alone (each silo a cluster by itself, what no provider can
        beat), kubedns (DnsStaleness 0.2 s), kubedns-5s (5 s), localhost, adonet (PostgreSQL) and redis (which are
        started here on free ports, and skipped with a reason if absent). Only when named: kubedns-unordered, which
        does not put the reads of joining silos in order. "lost" counts compare-and-swaps that lost while forming.

          --providers A,B   only these
          --sizes N,N       silos                      (1,3,5,8)
          --rounds N        rounds; the table has medians  (5)
          --only A,B        only these of the above    (crash and rejoin come together)
          --quick           kubedns and alone, one silo, one round, form only: shows that it works
          --json FILE       where the figures go       (artifacts/bench/formation.json)
          --help            this text

        Exit code: 0 if nothing failed, 1 if something did, 2 for a wrong argument.
        """;

    public IReadOnlyList<string> Providers { get; private init; } =
        ["alone", "kubedns", "kubedns-5s", "localhost", "adonet", "redis"];

    public IReadOnlyList<int> Sizes { get; private init; } = [1, 3, 5, 8];

    public int Rounds { get; private init; } = 5;

    public IReadOnlyList<string> Only { get; private init; } = ["form", "crash", "leader", "hung", "restart"];

    public string Json { get; private init; } = Path.Combine("artifacts", "bench", "formation.json");

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static FormationOptions Parse(string[] args)
    {
        var options = new FormationOptions();
        for (var at = 0; at < args.Length; at++)
        {
            string Value() => ++at < args.Length ? args[at] : throw new ArgumentException($"{args[^1]} needs a value.");
            options = args[at] switch
            {
                "--quick" => options with
                {
                    Providers = ["alone", "kubedns"], Sizes = [1], Rounds = 1, Only = ["form"],
                },
                "--providers" => options with { Providers = Known(Value().Split(',')) },
                "--sizes" => options with { Sizes = Numbers("--sizes", Value()) },
                "--rounds" => options with { Rounds = Numbers("--rounds", Value())[0] },
                "--only" => options with { Only = Value().Split(',') },
                "--json" => options with { Json = Value() },
                var other => throw new ArgumentException($"Unknown argument: {other}"),
            };
        }

        return options;
    }

    private static string[] Known(string[] names) =>
        names.FirstOrDefault(name => Provider.All.All(provider => provider.Name != name)) is { } unknown
            ? throw new ArgumentException($"There is no provider {unknown}.")
            : names;

    private static List<int> Numbers(string name, string value) =>
        [.. value.Split(',').Select(text =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                ? number
                : throw new ArgumentException($"{name} takes numbers from 1 on."))];
}
