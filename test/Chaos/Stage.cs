using System.Net;
using Demo;
using Formation;
using KubeDns.Local.Model;
using KubeDns.Local.Server;

namespace Chaos;

/// <summary>What kubelet and DNS are like on a stage. The defaults are faster than a cluster's, and told.</summary>
internal sealed record StageSettings(string SiloApp)
{
    /// <summary>Where the silos run.</summary>
    public IPodSandbox Sandbox { get; init; } = new SharedSandbox();

    /// <summary>Where DNS answers; by default at a free port of this machine.</summary>
    public IPEndPoint Dns { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>How long DNS takes to follow the pods: controller, API server and CoreDNS.</summary>
    public TimeSpan PublicationDelay { get; init; }

    /// <summary>What the silos' environment has besides what a manifest sets; by default nothing.</summary>
    public IReadOnlyDictionary<string, string> Extra { get; init; } = new Dictionary<string, string>();

    public TimeSpan DnsStaleness { get; init; } = TimeSpan.FromSeconds(0.2);

    public ReadinessProbe Probe { get; init; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), 3);

    public BackOff BackOff { get; init; } = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(5));
}

/// <summary>
/// Real silos with the DNS server, the kubelet and the controller that they need, watched all the time. Taken down,
/// whatever happened.
/// </summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly LocalDnsServer _dns;
    private readonly Restarts _restarts;
    private readonly TimeSpan _publicationDelay;

    private Stage(StageSettings settings, LocalDnsServer dns, Network network)
    {
        _dns = dns;
        _publicationDelay = settings.PublicationDelay;
        Network = network;
        var client = new SiloClient(_http);
        Kubelet = new Kubelet(new DnsControl(_http, network.Control), client, network, Folder, settings.SiloApp)
        {
            DnsStaleness = settings.DnsStaleness,
            Probe = settings.Probe,
            Sandbox = settings.Sandbox,
            Extra = settings.Extra,
        };
        Lookout = new Lookout(Kubelet, new Watch(_http, client));
        Audit = new Audit(pod => pod.IsRunning ? pod.Process!.Id : null);
        Lookout.Seen += Audit.On;
        _restarts = new Restarts(Kubelet, settings.BackOff, () => Lookout.Now);
    }

    /// <summary>Where the logs are; for the caller to delete.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("kubedns-chaos-").FullName;

    public Network Network { get; }

    public Kubelet Kubelet { get; }

    public Lookout Lookout { get; }

    public Audit Audit { get; }

    /// <summary>The containers that ended so far although nobody had deleted their pods.</summary>
    public IReadOnlyList<Ended> Ended => _restarts.Ended;

    /// <summary>An empty stage. Of the network the silos' ports count; the DNS server takes free ones.</summary>
    public static async Task<Stage> OpenAsync(StageSettings settings, Network network, CancellationToken stop)
    {
        var dns = await LocalDnsServer.StartAsync(
            new LocalDnsOptions { Listen = settings.Dns, Control = new IPEndPoint(IPAddress.Loopback, 0) });
        var stage = new Stage(settings, dns, network with { Dns = dns.EndPoint, Control = dns.ControlEndPoint! });
        try
        {
            stage.SetDnsFaults(FaultSpec.None);
            await new DnsControl(stage._http, stage.Network.Control).PublishServicesAsync(stage.Network, stop);
            stage.Lookout.Start();
            stage._restarts.Start();
            return stage;
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
    }

    /// <summary>What DNS does wrong from now on; its usual lateness stays.</summary>
    public void SetDnsFaults(FaultSpec faults) => _dns.Cluster.Faults =
        faults.Over(new FaultSpec { PublicationDelayMs = (int)_publicationDelay.TotalMilliseconds });

    /// <summary>The pods are a Deployment's from now on, and DNS names them as with endpoint_pod_names.</summary>
    public void ServeDeployment() => _dns.Cluster.EndpointPodNames = Kubelet.IsDeployment = true;

    public async ValueTask DisposeAsync()
    {
        await _restarts.DisposeAsync();
        foreach (var pod in Kubelet.Pods)
        {
            Kubelet.Crash(pod);
            await pod.Process!.WaitForExitAsync(CancellationToken.None);
            await Kubelet.Sandbox.CloseAsync(pod);
        }

        await Lookout.DisposeAsync();
        await Kubelet.DisposeAsync();
        await _dns.DisposeAsync();
        _http.Dispose();
    }
}
