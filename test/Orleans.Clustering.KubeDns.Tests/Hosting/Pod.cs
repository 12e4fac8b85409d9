using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>
/// A pod of one silo, as this product is shipped: its own loopback address with the usual ports, and a folder with the
/// hosts file and resolv.conf that kubelet would have written.
/// </summary>
internal sealed class Pod : IAsyncDisposable
{
    public const string Service = "orleans.test.svc.cluster.local";
    private static int _addresses;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pod-");
    private Task _starting = Task.CompletedTask;
    private Task? _stopping;

    /// <param name="dns">Whom resolv.conf names.</param>
    /// <param name="address">The pod's address.</param>
    /// <param name="hosts">Kubelet's line of the hosts file, after the address.</param>
    /// <param name="search">The search line of resolv.conf.</param>
    /// <param name="podName">What the downward API tells, together with the address.</param>
    /// <param name="configure">Options that differ.</param>
    /// <param name="clusterId">Orleans' ClusterId; one that differs makes a cluster of its own.</param>
    /// <param name="log">The least level that is kept of its log.</param>
    public Pod(
        LocalDnsServer dns, IPAddress address, string hosts, string search = "test.svc.cluster.local cluster.local",
        string? podName = null, Action<KubeDnsClusteringOptions>? configure = null, string clusterId = "test",
        LogLevel log = LogLevel.Information)
    {
        Address = address;
        Log = new LogLines(log);
        Write("hosts", $"127.0.0.1 localhost\n{address} {hosts}\n");
        Write("resolv.conf", $"nameserver {dns.EndPoint}\nsearch {search}\noptions ndots:5\n");
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(Log).SetMinimumLevel(log);
        builder.Services.AddSingleton(new PodEnvironment(podName, $"{address}"));
        builder.UseOrleans(silo => silo
            .Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = (clusterId, "test"))
            .UseKubeDnsClustering(options =>
            {
                options.ServiceName = "orleans";
                options.HostsFile = Path.Combine(_folder.FullName, "hosts");
                options.ResolvConf = Path.Combine(_folder.FullName, "resolv.conf");
                options.DnsStaleness = TimeSpan.FromSeconds(0.2);
                configure?.Invoke(options);
            }));
        Host = builder.Build();
    }

    /// <summary>A pod of the StatefulSet, as DNS lists it from now on.</summary>
    public static Pod Listed(
        LocalDnsServer dns, string name, Action<KubeDnsClusteringOptions>? configure = null,
        LogLevel log = LogLevel.Information)
    {
        var pod = new Pod(
            dns, NewAddress(), $"{name}.{Service} {name}", podName: name, configure: configure, log: log);
        dns.Cluster.AddPod(PodSpec.OfStatefulSet("test", name, "orleans", pod.Address));
        return pod;
    }

    public IHost Host { get; }

    public IPAddress Address { get; }

    /// <summary>Where its hosts file and resolv.conf are.</summary>
    public string Folder => _folder.FullName;

    public LogLines Log { get; }

    public NodeStatus Status => Host.Services.GetRequiredService<INode>().Status;

    /// <summary>An address for one pod of this process: builds run side by side on one machine.</summary>
    public static IPAddress NewAddress()
    {
        var n = Interlocked.Increment(ref _addresses);
        return new IPAddress([127, (byte)(1 + Environment.ProcessId / 250 % 250), (byte)(Environment.ProcessId % 250),
            (byte)n]);
    }

    public IMembershipTable Table => Host.Services.GetRequiredService<IMembershipTable>();

    public static ServiceSpec Headless(int port = 11112) => new("test", "orleans")
    {
        PublishNotReadyAddresses = true,
        Ports = [new("discovery", port)],
    };

    public async Task<(HttpStatusCode Code, string Body)> GetAsync(string path)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync($"http://{Address}:11113{path}");
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Ends once the silo is Active, or with the fault that ended its start.</summary>
    public Task StartAsync() => _starting = Host.StartAsync();

    /// <summary>As kubelet stops it; waits until it has ended.</summary>
    public Task StopAsync() => _stopping ??= Host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        await _starting.WaitAsync(TimeSpan.FromSeconds(60)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_starting.IsCompletedSuccessfully) await StopAsync();
        await HostEnding.EndAsync(Host);
        _folder.Delete(recursive: true);
    }

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder.FullName, name), text);
}
