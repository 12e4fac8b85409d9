using System.Diagnostics;
using System.Text.Json;
using Orleans.Clustering.KubeDns.Cluster.Bind;
using Orleans.Clustering.KubeDns.Cluster.Nodes;
using Orleans.Clustering.KubeDns.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Monitoring;

/// <summary>
/// A Prometheus that asks this process for its metrics each second, as OpenTelemetry exports them, with the labels
/// that Kubernetes' service discovery would add, and evaluates our alert rules.
/// </summary>
internal sealed class Prometheus : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("prometheus-");
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly MeterProvider _exporter;
    private readonly Process _process;

    private Prometheus(string program, string rules)
    {
        var ports = NodeCluster.FreePorts(2);
        _exporter = Sdk.CreateMeterProviderBuilder().AddMeter(Metrics.MeterName)
            .AddPrometheusHttpListener(options =>
            {
                options.ScrapeResponseCacheDurationMilliseconds = 0;
                options.ConfigureHttpListener = (_, listener) =>
                {
                    listener.Prefixes.Clear();
                    listener.Prefixes.Add($"http://127.0.0.1:{ports[0]}/");
                };
            }).Build();
        var configuration = Path.Combine(_folder.FullName, "prometheus.yml");
        File.WriteAllText(configuration, Configuration(ports[0], rules));
        _http.BaseAddress = new Uri($"http://127.0.0.1:{ports[1]}");
        _process = Process.Start(new ProcessStartInfo(program,
        [
            $"--config.file={configuration}", $"--storage.tsdb.path={_folder.FullName}", "--log.level=error",
            $"--web.listen-address=127.0.0.1:{ports[1]}",
        ]))!;
    }

    /// <summary>Skips the test where the program is not installed.</summary>
    /// <param name="rules">The rules' file.</param>
    public static async Task<Prometheus> StartAsync(string rules)
    {
        Skip.If(Named.Find("prometheus") is null, "prometheus is not installed (Debian: prometheus).");
        var prometheus = new Prometheus(Named.Find("prometheus")!, rules);
        try
        {
            await UntilAsync(() => "to be ready", async () =>
                !prometheus._process.HasExited
                    ? (await prometheus._http.GetAsync("/-/ready")).IsSuccessStatusCode
                    : throw new InvalidOperationException("prometheus has ended; does it refuse the rules?"));
            return prometheus;
        }
        catch
        {
            await prometheus.DisposeAsync();
            throw;
        }
    }

    /// <summary>How many series an expression gives; throws for one that is not valid.</summary>
    public async Task<int> CountAsync(string expression)
    {
        var answer = await _http.GetStringAsync($"/api/v1/query?query={Uri.EscapeDataString(expression)}");
        return JsonDocument.Parse(answer).RootElement.GetProperty("data").GetProperty("result").GetArrayLength();
    }

    /// <summary>The rules by name, each with its state: inactive, pending, or firing.</summary>
    public async Task<Dictionary<string, string>> RulesAsync()
    {
        var answer = JsonDocument.Parse(await _http.GetStringAsync("/api/v1/rules")).RootElement;
        var rules = answer.GetProperty("data").GetProperty("groups").EnumerateArray()
            .SelectMany(group => group.GetProperty("rules").EnumerateArray()).ToList();
        Assert.All(rules, rule => Assert.Equal("", rule.TryGetProperty("lastError", out var error) ? $"{error}" : ""));
        return rules.ToDictionary(rule => $"{rule.GetProperty("name")}", rule => $"{rule.GetProperty("state")}");
    }

    /// <summary>Bounded; an answer that does not come is asked for again.</summary>
    public static async Task UntilAsync(Func<string> what, Func<Task<bool>> holds)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(200))
        {
            try
            {
                if (await holds()) return;
            }
            catch (HttpRequestException) when (watch.Elapsed < Patience)
            {
                // Not there yet.
            }

            Assert.True(watch.Elapsed < Patience, $"Waited in vain for Prometheus {what()}.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        _process.Dispose();
        _exporter.Dispose();
        _http.Dispose();
        _folder.Delete(recursive: true);
    }

    private static string Configuration(int port, string rules) => $$"""
        global: { scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }
        rule_files: [ "{{rules}}" ]
        scrape_configs:
        - job_name: pods
          static_configs:
          - targets: [ "127.0.0.1:{{port}}" ]
            labels: { namespace: shop, pod: silo-0 }
        """;
}
