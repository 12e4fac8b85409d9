using System.Diagnostics;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>The simulation as a command. Exit codes: 0 fine, 1 crash, 2 usage, 3 safety, 4 liveness.</summary>
internal static class Program
{
    private const string Help = """
        Deterministic simulation of the membership protocol.

          --seeds N      run N seeds (default 1000)
          --from S       the first seed (default 1)
          --minutes M    run seeds until M minutes are over
          --seed S       run one seed
          --trace        with --seed: print what every replica does
          --bug TEXT     with --seeds: plant a bug, by its name in PlantedBugs or as edits of the core's source
                         ("File.cs: text ==> replacement", several with ";;" between them), and say who catches it
          --endurance N  what a step costs at the start and after N commands
          --scale N,...  start so many silos at once, without faults, then replace all: what it costs
          --json FILE    with --scale: all figures
          --scopes N     explore the small scopes N steps deeper than the tests do
          --help         this text

        Exit code: 0 all held; 1 a crash; 2 wrong usage; 3 a safety rule broke; 4 the cluster did not settle.
        """;

    private static readonly string[] Valued =
        ["seeds", "from", "minutes", "seed", "endurance", "bug", "scopes", "scale", "json"];

    private static int Main(string[] args)
    {
        try
        {
            return Run(Arguments(args));
        }
        catch (ArgumentException error)
        {
            Console.Error.WriteLine(error.Message);
            Console.Error.WriteLine("Type --help for what there is.");
            return 2;
        }
    }

    private static int Run(Dictionary<string, string> options)
    {
        if (options.ContainsKey("help"))
        {
            Console.WriteLine(Help);
            return 0;
        }

        if (options.TryGetValue("endurance", out var commands)) return Endure((long)Number(commands));
        if (options.TryGetValue("scale", out var sizes))
            return Scaling.ScaleCommand.Run(sizes, options.GetValueOrDefault("json"));
        if (options.TryGetValue("scopes", out var deeper)) return Explore((int)Number(deeper));
        if (options.TryGetValue("seed", out var seed)) return One(Number(seed), options.ContainsKey("trace"));
        var from = options.TryGetValue("from", out var first) ? Number(first) : 1;
        if (options.TryGetValue("bug", out var bug))
            return Plant(bug, from, options.TryGetValue("seeds", out var within) ? Number(within) : 300);
        TimeSpan? limit = options.TryGetValue("minutes", out var most) ? TimeSpan.FromMinutes(Number(most)) : null;
        var count = options.TryGetValue("seeds", out var many) ? Number(many) : limit is null ? 1000 : ulong.MaxValue;
        return Many(from, count, limit);
    }

    private static int Endure(long commands)
    {
        var (first, last) = Endurance.Measure(commands);
        Console.WriteLine($"at the start:          {first}");
        Console.WriteLine($"after {commands,9:N0} ones: {last}");
        Console.WriteLine($"ratio: {last.Microseconds / first.Microseconds:F2} in time, "
            + $"{last.Bytes / first.Bytes:F2} in memory taken");
        return 0;
    }

    // How many of so many seeds catch it: 0 if any does.
    private static int Plant(string bug, ulong from, ulong count)
    {
        var edits = PlantedBugs.All.TryGetValue(bug, out var known) ? known : Edit.Parse(bug);
        var caught = new PlantedBug(edits).Catches(from, count);
        Console.WriteLine($"caught by {caught.Count} of {count} seeds");
        foreach (var each in caught.Take(10)) Console.WriteLine($"seed {each.Seed}: {each.Error}");
        return caught.Count > 0 ? 0 : 3;
    }

    private static int Explore(int deeper)
    {
        foreach (var explore in Scopes.AllScopes.All) Console.WriteLine(explore(deeper));
        return 0;
    }

    private static int One(ulong seed, bool trace)
    {
        try
        {
            Console.WriteLine(Simulation.Run.Execute(seed, trace ? Console.Out : null));
            return 0;
        }
        catch (Exception error)
        {
            Console.WriteLine($"seed {seed}: {error}");
            return ExitCode(error);
        }
    }

    private static int Many(ulong from, ulong count, TimeSpan? limit)
    {
        var clock = Stopwatch.StartNew();
        var said = TimeSpan.Zero;
        var tally = Soak.Seeds(Range(from, count), limit, Progress, Failed);
        Console.WriteLine(tally.Summary(clock.Elapsed));
        Console.WriteLine($"covered: {tally.Covered()}");
        return tally.Failures.Count == 0 ? 0 : tally.Failures.Min(failure => ExitCode(failure.Error));

        void Progress(Tally sofar)
        {
            if (clock.Elapsed - said < TimeSpan.FromSeconds(10)) return;
            said = clock.Elapsed;
            Console.WriteLine($"{clock.Elapsed:hh\\:mm\\:ss}  {sofar.Runs} seeds, {sofar.Failures.Count} failed");
        }
    }

    // At once: a soak may go on for hours after it.
    private static void Failed(ulong seed, Exception error) =>
        Console.WriteLine($"seed {seed}: {error.Message}\n    {Soak.Replay(seed)}");

    private static IEnumerable<ulong> Range(ulong from, ulong count)
    {
        for (ulong i = 0; i < count; i++) yield return from + i;
    }

    private static int ExitCode(Exception error) =>
        error is SimulationFailedException failed ? (failed.IsLiveness ? 4 : 3) : 1;

    private static Dictionary<string, string> Arguments(string[] args)
    {
        var options = new Dictionary<string, string>();
        for (var i = 0; i < args.Length; i++)
        {
            var name = args[i].TrimStart('-');
            if (name is "help" or "trace") options[name] = "";
            else if (Valued.Contains(name) && i + 1 < args.Length) options[name] = args[++i];
            else throw new ArgumentException($"Unknown or incomplete option '{args[i]}'.");
        }

        return options;
    }

    private static ulong Number(string text) =>
        ulong.TryParse(text, out var number) ? number : throw new ArgumentException($"'{text}' is not a number.");
}
