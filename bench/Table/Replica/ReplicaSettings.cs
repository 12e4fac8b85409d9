using System.Globalization;
using System.Net;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Servers;
using TableBench.Backends;

namespace TableBench.Replica;

/// <summary>One silo without Orleans around it: what it is told, by arguments where it is another process.</summary>
internal sealed record ReplicaSettings(string Name, int Port, string Dns, string Secret, int Voters)
{
    public const string Command = "replica";
    public const string Namespace = "bench";
    public const string Service = "orleans";

    /// <summary>What a replica writes once it votes and its own row is Active.</summary>
    public const string Active = "ACTIVE";

    public static ReplicaSettings Parse(string[] args) => new(
        args[0], int.Parse(args[1], CultureInfo.InvariantCulture), args[2], args[3],
        int.Parse(args[4], CultureInfo.InvariantCulture));

    /// <summary>Starts this program again, as that silo.</summary>
    public Server Start(string folder)
    {
        var own = Directory.CreateDirectory(Path.Combine(folder, Name)).FullName;
        return Server.Start(Name, own,
            ["dotnet", typeof(ReplicaSettings).Assembly.Location, Command, Name, $"{Port}", Dns, Secret, $"{Voters}"]);
    }

    /// <summary>Reads what the process has written.</summary>
    public async Task RequireActiveAsync(string folder)
    {
        var log = await File.ReadAllTextAsync(Path.Combine(folder, Name, "log.txt"));
        if (!log.Contains(Active, StringComparison.Ordinal)) throw new InvalidOperationException($"{Name} not Active");
    }

    public IHost Build() => ProviderHost.Build(silo =>
    {
        silo.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = IPAddress.Loopback;
            options.SiloPort = Port;
            options.SiloListeningEndpoint = new IPEndPoint(IPAddress.Loopback, Port);
        });
        silo.UseKubeDnsClustering(options =>
        {
            options.ServiceName = Service;
            options.Namespace = Namespace;
            options.ClusterDomain = "cluster.local";
            options.Fqdn = $"{Name}.{Service}.{Namespace}.svc.cluster.local";
            options.DiscoveryPort = Port;
            options.NameServers.Add(Dns);
            options.DnsStaleness = TimeSpan.FromSeconds(0.2);
            options.SecretFile = Secret;
            options.MinimumSilos = Name.StartsWith("voter", StringComparison.Ordinal) ? Voters : 1;
        });
    });
}
