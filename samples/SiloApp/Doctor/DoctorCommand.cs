using Orleans.Hosting;

namespace SiloApp.Doctor;

/// <summary>
/// <c>SiloApp doctor</c>: looks at this pod with the settings that its silo has, beside the silo or in its place.
/// </summary>
internal static class DoctorCommand
{
    private const string Usage = """
        Usage: SiloApp doctor [--json] [--help] [--Section:Setting=value ...]

        Looks at what the silo of this pod depends on to find its peers: settings, names, hosts file, resolv.conf,
        both services, name servers by UDP and TCP, and every listed silo; says what is wrong, why, and what mends it.
        Joins nothing and disturbs nobody. In a pod:  kubectl exec <pod> -- dotnet SiloApp.dll doctor

          --json   the same for programs
          --help   this text

        Exit code: 0 nothing is wrong, 1 something is, 2 it was called in another way.
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine(Usage);
            return 0;
        }

        var settings = args.Where(arg => arg != "--json").ToArray();
        if (settings.FirstOrDefault(arg => !Setting.Is(arg)) is { } unknown)
        {
            Console.Error.WriteLine($"Unknown argument: {unknown}\n\n{Usage}");
            return 2;
        }

        return await ExamineAsync(settings, asJson: args.Contains("--json"));
    }

    private static async Task<int> ExamineAsync(string[] settings, bool asJson)
    {
        var builder = SiloHost.Builder(settings);
        builder.Logging.ClearProviders();

        // Not disposed: a silo that never started has nothing to stop, and its parts do not expect to be.
        var app = builder.Build();
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        using var progress = new StepsOnScreen();
        try
        {
            var report = await KubeDnsDoctor.ExamineAsync(app.Services, progress, stop.Token);
            progress.Dispose();
            Console.Write(asJson ? report.ToJson() + "\n" : report.ToText());
            return report.IsHealthy ? 0 : 1;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Given up.");
            return 1;
        }
    }
}
