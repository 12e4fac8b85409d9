using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Orleans.Configuration;

/// <summary>Refuses a silo's options before anything starts, naming every fault and its remedy.</summary>
internal sealed class KubeDnsClusteringOptionsValidator(
    IOptions<KubeDnsClusteringOptions> options, IOptions<EndpointOptions> endpoints) : IConfigurationValidator
{
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan OneHour = TimeSpan.FromHours(1);

    /// <inheritdoc />
    public void ValidateConfiguration()
    {
        var faults = new OptionFaults(nameof(KubeDnsClusteringOptions));
        var value = Bound(options);
        faults.AddRange(value.Unreadable);
        Names(faults, value);
        Ports(faults, value, endpoints.Value);
        Founding(faults, value);
        Times(faults, value);
        Secrets(faults, value);
        faults.ThrowIfAny();
    }

    /// <summary>The options; a value that could not even be read is a configuration error like any other.</summary>
    internal static T Bound<T>(IOptions<T> options)
        where T : class
    {
        try
        {
            return options.Value;
        }
        catch (InvalidOperationException unreadable)
        {
            throw new OrleansConfigurationException($"{typeof(T).Name}: {unreadable.Message}", unreadable);
        }
    }

    private static void Names(OptionFaults faults, KubeDnsClusteringOptions value)
    {
        faults.Service(nameof(value.ServiceName), value.ServiceName, "orleans");
        faults.DnsName(nameof(value.ReadyServiceName), value.ReadyServiceName);
        faults.Require(value.ReadyServiceName is null || value.ReadyServiceName != value.ServiceName,
            "ReadyServiceName equals ServiceName: name a second service without publishNotReadyAddresses, or none.");
        faults.DnsName(nameof(value.Namespace), value.Namespace);
        faults.DnsName(nameof(value.ClusterDomain), value.ClusterDomain);
        faults.DnsName(nameof(value.Fqdn), value.Fqdn);
        faults.Require(value.Fqdn is null || value.Fqdn.TrimEnd('.').Contains('.'),
            $"Fqdn is '{OptionFaults.Short(value.Fqdn)}': set the whole name, <pod>.<subdomain>.<ns>.svc.<zone>.");
        faults.ServicePort(nameof(value.PortName), value.PortName);
        faults.Path(nameof(value.HostsFile), value.HostsFile);
        faults.Path(nameof(value.ResolvConf), value.ResolvConf);
        faults.Defined(nameof(value.EndpointNaming), value.EndpointNaming);
        faults.NameServers(nameof(value.NameServers), value.NameServers);
        faults.Require(value.FailureDomain is null or { Length: > 0 and <= 253 },
            "FailureDomain is empty or longer than 253 characters: set a zone's or node's name, or leave it unset.");
    }

    private static void Ports(OptionFaults faults, KubeDnsClusteringOptions value, EndpointOptions endpoints)
    {
        faults.Between(nameof(value.DiscoveryPort), value.DiscoveryPort, 1, 65535);
        faults.Between(nameof(value.StatusPort), value.StatusPort, 0, 65535);
        var ports = new (string Name, int Port)[]
        {
            (nameof(value.DiscoveryPort), value.DiscoveryPort),
            (nameof(value.StatusPort), value.StatusPort),
            (nameof(endpoints.SiloPort), endpoints.SiloPort),
            (nameof(endpoints.GatewayPort), endpoints.GatewayPort),
        };
        foreach (var same in ports.Where(port => port.Port != 0).GroupBy(port => port.Port))
        {
            faults.Require(same.Count() == 1,
                $"{string.Join(" and ", same.Select(port => port.Name))} are all {same.Key}: give each its own port.");
        }
    }

    private static void Founding(OptionFaults faults, KubeDnsClusteringOptions value)
    {
        faults.Between(nameof(value.MinimumSilos), value.MinimumSilos, 1, 500);
        faults.Between(nameof(value.MaxVoters), value.MaxVoters, 1, 9);
        faults.Require(value.MaxVoters % 2 != 0,
            $"MaxVoters is {value.MaxVoters}: set an odd number, since an even one adds a voter but no safety.");
        faults.Between(nameof(value.ContactTimeout), value.ContactTimeout, TimeSpan.FromSeconds(1), TenMinutes);
        faults.Defined(nameof(value.QuorumLoss), value.QuorumLoss);
        if (value.DnsStaleness is { } staleness)
        {
            faults.Between(nameof(value.DnsStaleness), staleness, TimeSpan.Zero, TenMinutes);
        }
    }

    private static void Times(OptionFaults faults, KubeDnsClusteringOptions value)
    {
        var second = TimeSpan.FromSeconds(1);
        faults.Between(nameof(value.OperationTimeout), value.OperationTimeout, second / 10, second * 60);
        faults.Between(nameof(value.TakeoverAfter), value.TakeoverAfter, second / 20, second * 30);
        faults.Longer(nameof(value.OperationTimeout), value.OperationTimeout,
            nameof(value.TakeoverAfter), value.TakeoverAfter);
        faults.Between(nameof(value.VoterTimeout), value.VoterTimeout, second, TenMinutes);
        faults.Longer(nameof(value.VoterTimeout), value.VoterTimeout,
            nameof(value.TakeoverAfter), value.TakeoverAfter);
        faults.Between(nameof(value.RefusedFor), value.RefusedFor, second / 10, second * 60);
        faults.Between(nameof(value.RemovedFor), value.RemovedFor, second, TenMinutes);
        faults.Between(nameof(value.NotReadyFor), value.NotReadyFor, second, OneHour);
        faults.Between(nameof(value.RescueAfter), value.RescueAfter, second / 2, TenMinutes);
        faults.Between(nameof(value.StallFence), value.StallFence, second / 2, second * 300);
        faults.Between(nameof(value.FenceAfter), value.FenceAfter, second * 5, OneHour);
    }

    // The faults name the option, never its value: somebody may have put the secret where its path belongs.
    private static void Secrets(OptionFaults faults, KubeDnsClusteringOptions value)
    {
        faults.Require(value.SecretFile is null || File.Exists(value.SecretFile),
            "SecretFile names no file that this process can see: set the path (not the secret itself) and mount it.");
        if (value.PreviousSecretFile is not { } previous) return;
        faults.Path(nameof(value.PreviousSecretFile), previous);
        faults.Require(value.SecretFile is not null,
            "PreviousSecretFile is set without SecretFile: set both, or none.");
        faults.Require(previous != value.SecretFile,
            "PreviousSecretFile equals SecretFile: name the file of the secret before it, or none.");
    }
}
