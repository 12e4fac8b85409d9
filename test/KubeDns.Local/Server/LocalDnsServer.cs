using System.Net;
using KubeDns.Local.Control;
using KubeDns.Local.Model;
using KubeDns.Local.Wire;

namespace KubeDns.Local.Server;

/// <summary>A running local DNS server; disposing of it frees its ports.</summary>
internal sealed class LocalDnsServer : IAsyncDisposable
{
    // Three labels and "svc" in front of it must make a name.
    private const int MaximumZone = DnsName.MaximumBytes - 3 * (DnsName.MaximumLabel + 1) - 4;

    private readonly CancellationTokenSource _stopping = new();
    private readonly BoundPorts _ports;
    private readonly Exchange _exchange;
    private readonly Task _serving;
    private ControlPort? _control;

    private LocalDnsServer(LocalDnsOptions options, DnsName zone, LocalCluster cluster, BoundPorts ports)
    {
        Cluster = cluster;
        _ports = ports;
        EndPoint = ports.EndPoint;
        var responder = new Responder(cluster, zone, (uint)options.Ttl);
        _exchange = new Exchange(cluster, responder, options.MaximumUdpSize);
        _serving = Task.WhenAll(
            Task.Run(() => new UdpPort(ports.Udp, _exchange, options.Time).RunAsync(_stopping.Token)),
            Task.Run(() => new TcpPort(ports.Tcp, _exchange, options.Time).RunAsync(_stopping.Token)));
    }

    /// <summary>Raised for every query, before its answer is sent; handlers must return quickly.</summary>
    public event Action<ObservedQuery>? Observed
    {
        add => _exchange.Observed += value;
        remove => _exchange.Observed -= value;
    }

    /// <summary>The pods, services and faults; changes show in the next answer (or after the set delay).</summary>
    public LocalCluster Cluster { get; }

    /// <summary>Where it answers, over UDP and TCP.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Where it is controlled over HTTP, if at all.</summary>
    public IPEndPoint? ControlEndPoint => _control?.EndPoint;

    /// <summary>Ends when the server stops; failed, if it stopped for any other reason than disposal.</summary>
    public Task Completion => _serving;

    /// <exception cref="ArgumentException">Zone or initial cluster are not what Kubernetes would accept.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address is in use or not ours.</exception>
    public static async Task<LocalDnsServer> StartAsync(LocalDnsOptions? options = null)
    {
        options ??= new LocalDnsOptions();
        var zone = ReadZone(options.Zone);
        var cluster = new LocalCluster(options.Time, options.EndpointPodNames);
        options.Cluster.ApplyTo(cluster);
        var server = new LocalDnsServer(options, zone, cluster, BoundPorts.Bind(options.Listen));
        try
        {
            server._control = options.Control is { } listen ? await ControlPort.StartAsync(listen, cluster) : null;
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next query that satisfies a condition: for tests, which wait for events and never sleep.</summary>
    public async Task<ObservedQuery> NextQueryAsync(
        Func<ObservedQuery, bool> condition, CancellationToken cancellation = default)
    {
        var seen = new TaskCompletionSource<ObservedQuery>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look(ObservedQuery query) => _ = condition(query) && seen.TrySetResult(query);
        Observed += Look;
        try
        {
            return await seen.Task.WaitAsync(cancellation);
        }
        finally
        {
            Observed -= Look;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        await _stopping.CancelAsync();
        await _serving;
        _ports.Dispose();
        if (_control is not null)
        {
            await _control.DisposeAsync();
        }
    }

    private static DnsName ReadZone(string text)
    {
        try
        {
            var zone = DnsName.Parse(text);
            return zone.Labels.Count > 0 && zone.EncodedLength <= MaximumZone
                ? zone
                : throw new FormatException($"Zone '{text}' is empty or leaves no room for the names in it.");
        }
        catch (FormatException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }
}
