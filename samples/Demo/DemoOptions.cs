namespace Demo;

/// <summary>What the user asked for. <c>demo.sh</c> explains the options, and adds the two programs it built.</summary>
internal sealed record DemoOptions
{
    public int Silos { get; private init; } = 3;

    public bool Keep { get; private init; }

    /// <summary>SiloApp.dll.</summary>
    public string SiloApp { get; private init; } = "";

    /// <summary>KubeDns.Local.dll.</summary>
    public string DnsServer { get; private init; } = "";

    /// <exception cref="ArgumentException">The message says which argument is wrong.</exception>
    public static DemoOptions Parse(string[] args)
    {
        var options = new DemoOptions();
        for (var at = 0; at < args.Length; at++)
        {
            options = args[at] switch
            {
                "--keep" => options with { Keep = true },
                "--silos" => options with { Silos = ParseSilos(Value(args, ref at)) },
                "--silo-app" => options with { SiloApp = Value(args, ref at) },
                "--dns-server" => options with { DnsServer = Value(args, ref at) },
                var other => throw new ArgumentException($"Unknown argument: {other}"),
            };
        }

        return options.SiloApp != "" && options.DnsServer != ""
            ? options
            : throw new ArgumentException("Run ./demo.sh, which builds the programs and names them here.");
    }

    private static string Value(string[] args, ref int at) =>
        ++at < args.Length ? args[at] : throw new ArgumentException($"{args[at - 1]} needs a value.");

    private static int ParseSilos(string text) =>
        int.TryParse(text, out var silos) && silos is >= 3 and <= 9
            ? silos
            : throw new ArgumentException("--silos takes 3 to 9: with fewer, one crash leaves no majority.");
}
