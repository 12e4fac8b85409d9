using System.Globalization;

namespace Formation;

/// <summary>What the user asked for; <c>formation.sh</c> explains it and adds the programs that it built.</summary>
internal sealed record FormationOptions
{
    public int Starts { get; private init; } = 50;

    /// <summary>Starts of one silo alone, for each staleness.</summary>
    public int Alone { get; private init; } = 5;

    /// <summary>Of the random delays.</summary>
    public int Seed { get; private init; } = Environment.TickCount & 0xFFFFFF;

    /// <summary>SiloApp.dll.</summary>
    public string SiloApp { get; private init; } = "";

    /// <summary>KubeDns.Local.dll.</summary>
    public string DnsServer { get; private init; } = "";

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static FormationOptions Parse(string[] args)
    {
        var options = new FormationOptions();
        for (var at = 0; at < args.Length; at += 2)
        {
            if (at + 1 == args.Length) throw new ArgumentException($"{args[at]} needs a value.");
            var value = args[at + 1];
            options = args[at] switch
            {
                "--starts" => options with { Starts = Number(args[at], value) },
                "--alone" => options with { Alone = Number(args[at], value) },
                "--seed" => options with { Seed = Number(args[at], value) },
                "--silo-app" => options with { SiloApp = value },
                "--dns-server" => options with { DnsServer = value },
                var other => throw new ArgumentException($"Unknown argument: {other}"),
            };
        }

        return options.SiloApp != "" && options.DnsServer != ""
            ? options
            : throw new ArgumentException("Run test/formation.sh, which builds the programs and names them here.");
    }

    private static int Number(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ArgumentException($"{name} takes a number.");
}
