using Spectre.Console;

namespace SiloApp.Watch;

/// <summary><c>SiloApp watch</c>: what DNS lists and what the silos hold, side by side, as it changes.</summary>
internal static class WatchCommand
{
    private const string Usage = """
        Usage: SiloApp watch [--once] [--help] [--Section:Setting=value ...]

        Shows, for each address, whether DNS lists it and lists it as ready, and beside that its status in the silos'
        own views of the cluster, by how many of them it is seen so, who votes, and what is waited for. Until Ctrl+C.

          --once   one look, for scripts
          --help   this text

        Exit code of --once: 0 if all who are listed are ready and Active in all views and nobody else is, 1 if not;
        2 if it was called in another way.
        """;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine(Usage);
            return 0;
        }

        var settings = args.Where(arg => arg != "--once").ToArray();
        if (settings.FirstOrDefault(arg => !Setting.Is(arg)) is { } unknown)
        {
            Console.Error.WriteLine($"Unknown argument: {unknown}\n\n{Usage}");
            return 2;
        }

        var where = WatchSettings.Read(SiloHost.Builder(settings).Configuration);
        if (where.NameServers.Length == 0)
        {
            Console.Error.WriteLine("No name server is known: set Orleans:Clustering:NameServers.");
            return 2;
        }

        using var http = new HttpClient();
        var (dns, silos) = (new DnsView(where.NameServers), new SiloReader(http));
        Task<Picture> TakeAsync(CancellationToken stop) => Picture.TakeAsync(where, dns, silos, stop);
        return args.Contains("--once") ? await ShowOnceAsync(TakeAsync) : await ShowLiveAsync(TakeAsync);
    }

    private static async Task<int> ShowOnceAsync(Func<CancellationToken, Task<Picture>> take)
    {
        var picture = await take(default);
        PicturePrint.Show(picture);
        return picture.IsSettled ? 0 : 1;
    }

    private static async Task<int> ShowLiveAsync(Func<CancellationToken, Task<Picture>> take)
    {
        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = true;
            stop.Cancel();
        };
        try
        {
            await AnsiConsole.Live(new Text("looking ...")).StartAsync(async live =>
            {
                while (true)
                {
                    live.UpdateTarget(PicturePrint.Table(await take(stop.Token)));
                    await Task.Delay(Period, stop.Token);
                }
            });
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }

        return 0;
    }
}
