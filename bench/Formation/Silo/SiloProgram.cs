using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using StackExchange.Redis;

namespace FormationBench.Silo;

/// <summary>
/// A silo and nothing else, of any provider, with Orleans' defaults. It writes its view to its standard output at every
/// change, and ends when its standard input does: then whoever started it has ended.
/// </summary>
internal static class SiloProgram
{
    public const string Write = "write";
    public const string Quiet = "quiet";

    private const string UnorderedReads = "Orleans.Clustering.KubeDns.UnorderedReads";

    public static async Task RunAsync(SiloSettings settings)
    {
        AppContext.SetSwitch(UnorderedReads, settings.IsUnordered);
        using var host = Build(settings);
        var telling = TellAsync(host);
        _ = Task.Run(() => ListenAsync(host));
        await host.StartAsync();
        await telling;
    }

    private static IHost Build(SiloSettings settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(options =>
            (options.SingleLine, options.TimestampFormat) = (true, "HH:mm:ss.fff "));
        builder.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options =>
                (options.ClusterId, options.ServiceId) = (settings.Cluster, settings.Cluster));
            silo.Configure<SiloOptions>(options => options.SiloName = settings.Name);
            Choose(silo, settings);
            silo.Configure<EndpointOptions>(options => Place(options, settings));
            CountingTable.Decorate(silo.Services);
        });
        return builder.Build();
    }

    private static void Choose(ISiloBuilder silo, SiloSettings settings) => _ = settings.Provider switch
    {
        "kubedns" => silo.UseKubeDnsClustering(options =>
        {
            options.ServiceName = Fleet.Pods.Service;
            options.ReadyServiceName = Fleet.Pods.Ready;
            options.Namespace = Fleet.Pods.Namespace;
            options.ClusterDomain = "cluster.local";
            options.Fqdn = settings.Fqdn;
            options.DiscoveryPort = settings.DiscoveryPort;
            options.StatusPort = settings.StatusPort;
            options.NameServers.Add(settings.NameServer);
            options.DnsStaleness = TimeSpan.FromSeconds(settings.DnsStaleness);
            options.SecretFile = settings.SecretFile;
        }),
        "localhost" => silo.UseDevelopmentClustering(IPEndPoint.Parse($"{settings.Primary}:{settings.SiloPort}")),
        "adonet" => silo.UseAdoNetClustering(options =>
            (options.Invariant, options.ConnectionString) = ("Npgsql", settings.ConnectionString)),
        "redis" => silo.UseRedisClustering(options =>
            options.ConfigurationOptions = ConfigurationOptions.Parse(settings.ConnectionString)),
        var other => throw new ArgumentException($"no provider {other}"),
    };

    private static void Place(EndpointOptions options, SiloSettings settings)
    {
        var address = IPAddress.Parse(settings.Address);
        options.AdvertisedIPAddress = address;
        (options.SiloPort, options.GatewayPort) = (settings.SiloPort, settings.GatewayPort);
        options.SiloListeningEndpoint = new IPEndPoint(address, settings.SiloPort);
        options.GatewayListeningEndpoint = new IPEndPoint(address, settings.GatewayPort);
    }

    private static async Task TellAsync(IHost host)
    {
        var membership = host.Services.GetRequiredService<IClusterMembershipService>();
        var table = host.Services.GetRequiredService<CountingTable>();
        await foreach (var snapshot in membership.MembershipUpdates)
        {
            var members = snapshot.Members.Values.ToDictionary(
                member => member.SiloAddress.ToParsableString(), member => $"{member.Status}");
            Console.WriteLine(new View(DateTime.UtcNow, table.Lost, Environment.CpuUsage.TotalTime, members));
        }
    }

    private static async Task ListenAsync(IHost host)
    {
        CancellationTokenSource? writing = null;
        while (await Console.In.ReadLineAsync() is { } command)
        {
            if (command == Write)
            {
                writing = new CancellationTokenSource();
                _ = new Writer(host).RunAsync(writing.Token);
            }

            if (command == Quiet) writing?.Cancel();
        }

        Environment.Exit(0);
    }
}
