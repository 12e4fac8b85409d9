using System.Globalization;
using Chaos.Scenarios;

namespace Pods;

/// <summary>What the user asked for; <c>pods.sh</c> explains it.</summary>
internal sealed record PodsOptions
{
    public IReadOnlyList<IScenario> Scenarios { get; private init; } = [];

    /// <summary>SiloApp.dll.</summary>
    public string SiloApp { get; private init; } = "";

    public int Seed { get; private init; } = Random.Shared.Next(1, 1_000_000);

    /// <summary>Of random faults; null for none.</summary>
    public TimeSpan? Length { get; private init; }

    public bool List { get; private init; }

    public bool KeepLogs { get; private init; }

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static PodsOptions Parse(string[] args)
    {
        var options = new PodsOptions();
        var rest = new Queue<string>(args);
        while (rest.TryDequeue(out var name)) options = Apply(options, name, rest);
        return options.List || options.Scenarios.Count > 0 || options.Length is not null
            ? options
            : throw new ArgumentException("Which scenario? See --help and --list.");
    }

    private static PodsOptions Apply(PodsOptions options, string name, Queue<string> rest) => name switch
    {
        "--silo-app" => options with { SiloApp = Value(name, rest) },
        "--seed" => options with { Seed = (int)Number(name, rest) },
        "--minutes" => options with { Length = TimeSpan.FromMinutes(Number(name, rest)) },
        "--list" => options with { List = true },
        "--keep-logs" => options with { KeepLogs = true },
        "--all" => options with { Scenarios = PodScenarios.List },
        _ => options with { Scenarios = [.. options.Scenarios, Find(name)] },
    };

    private static IScenario Find(string name) =>
        PodScenarios.List.FirstOrDefault(scenario => scenario.Name == name)
            ?? throw new ArgumentException($"Unknown argument or scenario: {name}");

    private static string Value(string name, Queue<string> rest) =>
        rest.TryDequeue(out var value) ? value : throw new ArgumentException($"{name} needs a value.");

    private static double Number(string name, Queue<string> rest) =>
        double.TryParse(Value(name, rest), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
        && number > 0 && number <= (name == "--minutes" ? 240 : int.MaxValue)
            ? number
            : throw new ArgumentException($"{name} takes a number above 0.");
}
