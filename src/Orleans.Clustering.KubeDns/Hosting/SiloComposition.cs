using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Orleans.Configuration;
using Orleans.Runtime;
using ServiceName = Orleans.Clustering.KubeDns.Discovery.ServiceName;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>Puts a silo's node together from its options: DNS → discovery → node ⇄ peers.</summary>
internal static class SiloComposition
{
    /// <summary>Turns the order of joining silos' reads off, so that its worth can be measured.</summary>
    private const string UnorderedReads = "Orleans.Clustering.KubeDns.UnorderedReads";

    /// <summary>
    /// Makes the node. Reads the hosts file, resolv.conf and the secrets; binds and asks nothing yet.
    /// </summary>
    /// <exception cref="DiscoveryException">KDNS312 or KDNS316: this host cannot tell who it is.</exception>
    public static INode Node(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<KubeDnsClusteringOptions>>().Value;
        var silo = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        var service = Service(options);
        var identity = Identity.Find(IdentityOf(services, options, silo.Endpoint.Address), service);
        var self = new MemberId(
            identity.Fqdn ?? identity.NameByAddress(service),
            new PeerAddress(identity.Address.ToString(), options.DiscoveryPort),
            RowMapping.ToSiloId(silo),
            NewNonce())
        {
            IsNamedByDns = identity.Fqdn is null,
        };
        var cluster = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        var replica = new Replica(
            Protocol(options, Domain(services, options)),
            new ClusterKey(cluster.ServiceId, cluster.ClusterId), self,
            BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)));
        var log = services.GetRequiredService<ILoggerFactory>();
        return new ReplicaNode(
            replica,
            new NodeSettings
            {
                WriteTimeout = options.OperationTimeout,
                ReadTimeout = options.ReadTimeout,
                Around = Around(services, options, new ServicePort(service, options.PortName), identity),
            },
            Wiring(services, options, service, identity, log), TimeProvider.System,
            log.CreateLogger<ReplicaNode>());
    }

    private static Surroundings Around(
        IServiceProvider services, KubeDnsClusteringOptions options, ServicePort service, Identity identity) => new()
    {
        Service = service,
        Pod = services.GetRequiredService<PodEnvironment>().Name ?? identity.Fqdn?.Split('.')[0] ?? "",
        MinimumSilos = options.MinimumSilos,
        MaxVoters = options.MaxVoters,
        FailureDomain = Domain(services, options),
        ReadyService = Ready(options)?.Service ?? "",
        HasSecret = options.SecretFile is not null,
        MayRescue = options.QuorumLoss == QuorumLossPolicy.FollowKubernetes,
        Standing = options.ReadyServiceName is null ? [SetupErrors.NoReadyService(service)] : [],
    };

    /// <summary>
    /// The name that this host itself has for that address; null where it has none that fits, or DNS is to tell it.
    /// </summary>
    public static string? Fqdn(IServiceProvider services, IPAddress address)
    {
        var options = services.GetRequiredService<IOptions<KubeDnsClusteringOptions>>().Value;
        try
        {
            return Identity.Find(IdentityOf(services, options, address), Service(options)).Fqdn;
        }
        catch (DiscoveryException)
        {
            // Told when the node starts, where it ends the start: here it would hide the validators' texts.
            return null;
        }
    }

    private static NodeWiring Wiring(
        IServiceProvider services, KubeDnsClusteringOptions options, ServiceName service, Identity identity,
        ILoggerFactory log)
    {
        var transport = new TransportOptions();
        var counts = services.GetRequiredService<TransportCounts>();
        var secrets = new SecretFiles(
            options.SecretFile, options.PreviousSecretFile, log.CreateLogger<SecretFiles>());
        var discovery = Discovery(services, options, new(service, options.PortName), identity, ServiceRole.Discovery);
        var ready = Ready(options) is not { } readyService ? null
            : Discovery(services, options, new(readyService, options.PortName), identity, ServiceRole.Ready);
        return new NodeWiring(
            (serve, cancellationToken) => ListenAsync(
                new PeerServer(
                    ListenOn(services, identity.Address), options.DiscoveryPort, transport, secrets,
                    new MessageHandler(serve), counts, log.CreateLogger<PeerServer>()),
                cancellationToken),
            new PeerClient(transport, secrets, counts),
            async cancellationToken => Sighting(discovery, await discovery.LookUpAsync(cancellationToken)),
            error => services.GetRequiredService<IFatalErrorHandler>()
                .OnFatalException(typeof(ReplicaNode), "The membership protocol", error))
        {
            Contacts = services.GetRequiredService<ContactCounts>(),
            Counts = services.GetRequiredService<NodeCounts>(),
            Operations = services.GetRequiredService<Operations>(),
            LookUpReady = ready is null ? null
                : async cancellationToken => Sighting(ready, await ready.LookUpAsync(cancellationToken)),
            StopApplication = () => services.GetService<IHostApplicationLifetime>()?.StopApplication(),
        };
    }

    private static DiscoveryService Discovery(
        IServiceProvider services, KubeDnsClusteringOptions options, ServicePort service, Identity identity,
        ServiceRole role) => new(
        new DnsSrvResolver(
            Resolver(options.NameServers, options.ResolvConf), services.GetRequiredService<LookUpCounts>()),
        new DiscoverySettings(service, identity) { DnsStaleness = options.DnsStaleness, Role = role },
        TimeProvider.System);

    private static async Task<IAsyncDisposable> ListenAsync(PeerServer server, CancellationToken cancellationToken)
    {
        await server.StartAsync(cancellationToken);
        return server;
    }

    // Where Orleans itself listens: on one address, several silos of a laptop can have the same ports.
    private static IPAddress ListenOn(IServiceProvider services, IPAddress advertised) =>
        services.GetRequiredService<IOptions<EndpointOptions>>().Value.SiloListeningEndpoint?.Address ?? advertised;

    /// <summary>Where the probes are answered; port 0: nowhere.</summary>
    public static IPEndPoint StatusEndPoint(IServiceProvider services)
    {
        var advertised = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint.Address;
        var port = services.GetRequiredService<IOptions<KubeDnsClusteringOptions>>().Value.StatusPort;
        return new IPEndPoint(ListenOn(services, advertised), port);
    }

    private static DnsSighting Sighting(DiscoveryService discovery, PeerView view) => new(
        view.AskedAt,
        view.IsComplete,
        view.Peers.Select(peer => new ListedPeer(peer.Fqdn, new PeerAddress(peer.Address.ToString(), peer.Port)))
            .ToSequence(),
        discovery.Staleness,
        view.Self.Standing is SelfStanding.ListedUnderOtherName or SelfStanding.DuplicateHostname
            or SelfStanding.PortMismatch,
        view.Diagnosis?.Message ?? "",
        view.Diagnosis?.Lasting ?? TimeSpan.Zero,
        Failure(view));

    // NXDOMAIN and NODATA are answers; what they mean for us the diagnosis tells.
    private static string Failure(PeerView view) => view.Outcome switch
    {
        DnsOutcome.Records or DnsOutcome.NxDomain or DnsOutcome.NoData => "",
        DnsOutcome.Incomplete => $"DnsIncomplete: {view.Detail}",
        _ => $"DnsFailed: {view.Outcome}: {view.Detail}",
    };

    internal static IdentitySettings IdentityOf(
        IServiceProvider services, KubeDnsClusteringOptions options, IPAddress address) =>
        new(address, options.DiscoveryPort)
        {
            Fqdn = options.Fqdn,
            PodName = services.GetRequiredService<PodEnvironment>().Name,
            HostsFile = options.HostsFile,
            NamedByDns = options.EndpointNaming == EndpointNaming.Any,
        };

    private static string Domain(IServiceProvider services, KubeDnsClusteringOptions options) =>
        options.FailureDomain ?? services.GetRequiredService<PodEnvironment>().FailureDomain ?? "";

    private static ServiceName Service(KubeDnsClusteringOptions options) => Named(options.ServiceName, options);

    private static ServiceName? Ready(KubeDnsClusteringOptions options) =>
        options.ReadyServiceName is { Length: > 0 } name ? Named(name, options) : null;

    private static ServiceName Named(string name, KubeDnsClusteringOptions options) =>
        ServiceName.Find(Name(name, options));

    internal static ServiceNameSettings Name(string name, KubeDnsClusteringOptions options) => new(name)
    {
        Namespace = options.Namespace,
        ClusterDomain = options.ClusterDomain,
        ResolvConf = options.ResolvConf,
    };

    /// <summary>How DNS is asked, from the options that silos and clients share.</summary>
    internal static DnsSettings Resolver(IEnumerable<string> nameServers, string resolvConf)
    {
        var configured = nameServers
            .Select(text => ResolvConf.TryEndPoint(text, out var server) ? server : null).OfType<IPEndPoint>();
        return new DnsSettings { NameServers = new NameServerList([.. configured], resolvConf).Read };
    }

    private static Settings Protocol(KubeDnsClusteringOptions options, string domain) => new()
    {
        OrdersReads = !AppContext.TryGetSwitch(UnorderedReads, out var isOff) || !isOff,
        RemovedFor = (long)options.RemovedFor.TotalMilliseconds,
        NotReadyFor = (long)options.NotReadyFor.TotalMilliseconds,
        RescueAfter = (long)options.RescueAfter.TotalMilliseconds,
        StallFence = (long)options.StallFence.TotalMilliseconds,
        FenceAfter = (long)options.FenceAfter.TotalMilliseconds,
        MayRescue = options.QuorumLoss == QuorumLossPolicy.FollowKubernetes,
        FailureDomain = domain,
        MinimumSilos = options.MinimumSilos,
        MaxVoters = options.MaxVoters,
        ContactTimeout = (long)options.ContactTimeout.TotalMilliseconds,
        TakeoverAfter = (long)options.TakeoverAfter.TotalMilliseconds,
        TakeoverJitter = (long)options.TakeoverAfter.TotalMilliseconds / 2,
        VoterTimeout = (long)options.VoterTimeout.TotalMilliseconds,
        RefusedFor = (long)options.RefusedFor.TotalMilliseconds,
        TrustConnectionRefused = options.TrustConnectionRefused,
    };

    private static Nonce NewNonce() => new(BitConverter.ToUInt128(RandomNumberGenerator.GetBytes(16)));
}
