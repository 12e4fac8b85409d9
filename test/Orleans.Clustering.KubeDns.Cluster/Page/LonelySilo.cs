using System.Net;
using Demo;
using Orleans.Clustering.KubeDns.Cluster.Nodes;
using Orleans.Clustering.KubeDns.Cluster.Processes;

namespace Orleans.Clustering.KubeDns.Cluster.Page;

/// <summary>A SiloApp whose name server does not answer, so that it stays without a cluster.</summary>
internal sealed class LonelySilo : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly IPAddress Address = IPAddress.Parse("127.0.0.78");

    private readonly string _log = Path.GetTempFileName();
    private readonly ChildProcess _process;

    private LonelySilo(IReadOnlyList<int> ports)
    {
        Url = $"http://{Address}:{ports[4]}";
        _process = ChildProcess.Start("silo-0", _log, "/", ["dotnet", Programs.SiloApp], new Dictionary<string, string>
        {
            ["POD_NAME"] = "silo-0",
            ["POD_IP"] = $"{Address}",
            ["ASPNETCORE_URLS"] = Url,
            ["Orleans__Endpoints__SiloPort"] = $"{ports[0]}",
            ["Orleans__Endpoints__GatewayPort"] = $"{ports[1]}",
            ["Orleans__Clustering__ServiceName"] = "orleans.nowhere.svc.cluster.local",
            ["Orleans__Clustering__ReadyServiceName"] = "orleans-ready.nowhere.svc.cluster.local",
            ["Orleans__Clustering__Fqdn"] = "silo-0.orleans.nowhere.svc.cluster.local",
            ["Orleans__Clustering__DiscoveryPort"] = $"{ports[2]}",
            ["Orleans__Clustering__StatusPort"] = $"{ports[3]}",
            ["Orleans__Clustering__NameServers__0"] = $"{Address}:9",
        });
    }

    public string Url { get; }

    public static LonelySilo Start() => new(NodeCluster.FreePorts(5));

    /// <summary>The page once it says so.</summary>
    public async Task<string> PageAsync(Func<string, bool> isIt)
    {
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(Patience);
        var page = "";
        try
        {
            while (!isIt(page))
            {
                if (_process.HasExited) throw new InvalidOperationException(string.Join('\n', _process.Tail(40)));
                await Task.Delay(100, limit.Token);
                page = await TryAsync(http, limit.Token);
            }

            return page;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The page says: {page}\n{string.Join('\n', _process.Tail(40))}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(default);
        File.Delete(_log);
    }

    private async Task<string> TryAsync(HttpClient http, CancellationToken stop)
    {
        try
        {
            return await http.GetStringAsync(Url, stop);
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
            return "";
        }
    }
}
