using System.Net.Http;
using Demo;

namespace Formation;

/// <summary>All starts, one after another, on one DNS server.</summary>
internal sealed class Series(FormationOptions options) : IAsyncDisposable
{
    private const int Silos = 3;
    private static readonly TimeSpan[] Staleness = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.2)];
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(3);

    private readonly string _folder = Directory.CreateTempSubdirectory("kubedns-formation-").FullName;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Network _network = Network.Choose(Silos);
    private readonly List<Outcome> _outcomes = [];
    private readonly Random _random = new(options.Seed);
    private ChildProcess? _dns;
    private int _failed;

    /// <summary>How many starts went wrong.</summary>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        Console.WriteLine($"{options.Starts} starts of {Silos} silos, --seed {options.Seed}; logs in {_folder}");
        var control = await StartDnsAsync(stop);
        for (var at = 0; at < options.Alone * Staleness.Length; at++)
        {
            var staleness = Staleness[at % Staleness.Length];
            await OneAsync(
                control, at, options.Alone * Staleness.Length, "one alone", [TimeSpan.Zero], staleness, stop);
        }

        for (var at = 0; at < options.Starts; at++)
        {
            var atOnce = at % 2 == 0;
            var longest = atOnce ? TimeSpan.Zero : LongestDelay;
            var delays = Enumerable.Range(0, Silos).Select(_ => longest * _random.NextDouble()).ToArray();
            await OneAsync(
                control, at, options.Starts, atOnce ? "three at once" : "three apart", delays,
                Staleness[at / 2 % Staleness.Length], stop);
        }

        Report.Table(_outcomes);
        var formed = _outcomes.Count(outcome => outcome.Kind.StartsWith("three", StringComparison.Ordinal));
        Console.WriteLine($"{formed} of {options.Starts} starts formed one cluster of one lineage.");
        return _failed;
    }

    private async Task OneAsync(
        DnsControl control, int at, int of, string how, TimeSpan[] delays, TimeSpan staleness, CancellationToken stop)
    {
        var kind = $"{how}, DnsStaleness {staleness.TotalSeconds} s";
        var folder = Directory.CreateDirectory(Path.Combine(_folder, $"{delays.Length}-{at + 1}")).FullName;
        var client = new SiloClient(_http);
        var kubelet = new Kubelet(control, client, _network, folder, options.SiloApp) { DnsStaleness = staleness };
        try
        {
            var outcome = await new Start(new Watch(_http, client), kubelet, control, kind).RunAsync(delays, stop);
            _outcomes.Add(outcome);
            Report.Progress(at + 1, of, outcome);
        }
        catch (DemoFailed failure)
        {
            _failed++;
            Report.Failure(at + 1, of, kind, failure.Message, folder);
        }
    }

    private async Task<DnsControl> StartDnsAsync(CancellationToken stop)
    {
        string[] command =
        [
            "dotnet", options.DnsServer, "--listen", $"{_network.Dns}", "--control", $"{_network.Control}",
            "--zone", "cluster.local", "--ttl", "5",
        ];
        _dns = ChildProcess.Start(
            "dns", Path.Combine(_folder, "dns.txt"), _folder, command, new Dictionary<string, string>());
        var control = new DnsControl(_http, _network.Control);
        while (!await control.IsUpAsync(stop))
        {
            if (_dns.HasExited) throw new DemoFailed($"the DNS server ended; its log is in {_folder}");
            await Task.Delay(50, stop);
        }

        await control.PublishServicesAsync(_network, stop);
        return control;
    }

    public async ValueTask DisposeAsync()
    {
        if (_dns is not null)
        {
            _dns.Kill();
            await _dns.WaitForExitAsync(CancellationToken.None);
        }

        _http.Dispose();
        if (_failed == 0 && Environment.GetEnvironmentVariable("FORMATION_KEEP_LOGS") is null)
            Directory.Delete(_folder, recursive: true);
    }
}
