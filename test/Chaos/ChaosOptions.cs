using System.Globalization;
using Chaos.Scenarios;
using Demo;

namespace Chaos;

/// <summary>What the user asked for; <c>chaos.sh</c> explains it and adds the program that it built.</summary>
internal sealed record ChaosOptions
{
    public IReadOnlyList<IScenario> Scenarios { get; private init; } = [];

    public string? Json { get; private init; }

    public bool KeepLogs { get; private init; }

    /// <summary>Whether lateness fails the run, too.</summary>
    public bool Strict { get; private init; }

    public StageSettings Stage { get; private init; } = new("");

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static ChaosOptions Parse(string[] args)
    {
        var options = new ChaosOptions();
        var rest = new Queue<string>(args);
        while (rest.TryDequeue(out var name)) options = Apply(options, name, rest);
        if (options.Stage.SiloApp == "")
            throw new ArgumentException("Run test/chaos.sh, which builds the programs and names them here.");
        return options.Scenarios.Count > 0 ? options : throw new ArgumentException("Which scenario? See --help.");
    }

    private static ChaosOptions Apply(ChaosOptions options, string name, Queue<string> rest) => name switch
    {
        "--silo-app" => options with { Stage = options.Stage with { SiloApp = Value(name, rest) } },
        "--json" => options with { Json = Path.GetFullPath(Value(name, rest)) },
        "--keep-logs" => options with { KeepLogs = true },
        "--strict" => options with { Strict = true },
        "--probe-period" => WithProbe(options, probe => probe with { Period = Seconds(name, rest) }),
        "--probe-failures" => WithProbe(options, probe => probe with { Failures = (int)Number(name, rest) }),
        "--back-off" => options with
        {
            Stage = options.Stage with { BackOff = options.Stage.BackOff with { First = Seconds(name, rest) } },
        },
        "all" => options with { Scenarios = AllScenarios.List },
        _ => options with { Scenarios = [.. options.Scenarios, Find(name)] },
    };

    private static ChaosOptions WithProbe(ChaosOptions options, Func<ReadinessProbe, ReadinessProbe> change) =>
        options with { Stage = options.Stage with { Probe = change(options.Stage.Probe) } };

    private static IScenario Find(string name) =>
        AllScenarios.List.FirstOrDefault(scenario => scenario.Name == name)
            ?? throw new ArgumentException($"Unknown argument or scenario: {name}");

    private static string Value(string name, Queue<string> rest) =>
        rest.TryDequeue(out var value) ? value : throw new ArgumentException($"{name} needs a value.");

    private static TimeSpan Seconds(string name, Queue<string> rest) => TimeSpan.FromSeconds(Number(name, rest));

    private static double Number(string name, Queue<string> rest) =>
        double.TryParse(Value(name, rest), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        && number is > 0 and <= 3600
            ? number
            : throw new ArgumentException($"{name} takes a number above 0.");
}
