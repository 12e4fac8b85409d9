using Microsoft.Extensions.Configuration;
using Orleans.Clustering.KubeDns.Cluster.Nodes;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Orleans.Clustering.KubeDns.Cluster.TestingHost;

/// <summary>Makes each silo of the testing host a pod: a name, ports of its own, and a place in DNS.</summary>
internal sealed class PodSilo : ISiloConfigurator
{
    /// <summary>The configuration's key for the DNS server's address.</summary>
    public const string Dns = "Dns";

    /// <summary>The pod's name by the silo's: that of a pod is one label of DNS.</summary>
    public static string PodOf(string siloName) => siloName.Replace('_', '-').ToLowerInvariant();

    public void Configure(ISiloBuilder silo)
    {
        var dns = DnsNamespace.At(silo.Configuration[Dns]!);
        var pod = PodOf(silo.Configuration["Orleans:Name"]!);
        var discovery = NodeCluster.FreePorts(1)[0];
        dns.AddPod(pod, discovery, silo.Configuration.GetValue<int>("Orleans:Endpoints:GatewayPort"));
        silo.UseKubeDnsClustering(options =>
        {
            options.ServiceName = $"{DnsNamespace.Discovery}.{DnsNamespace.Name}.svc.cluster.local";
            options.ReadyServiceName = $"{DnsNamespace.Ready}.{DnsNamespace.Name}.svc.cluster.local";
            // All silos share one address, so no hosts file could tell their names apart.
            options.Fqdn = DnsNamespace.Fqdn(pod);
            options.NameServers = [dns.Address];
            options.DiscoveryPort = discovery;
            options.StatusPort = 0;
            options.DnsStaleness = TimeSpan.FromSeconds(0.2);
        });

        // Of all that reads the table, this trusts its versions most: an older view, or two of one number, would give
        // one range of grains two owners.
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003

        // Kubelet's part: the pod is ready once its silo is Active.
        silo.AddStartupTask((_, _) =>
        {
            dns.SetReady(pod);
            return Task.CompletedTask;
        });
    }
}

/// <summary>A client that knows nothing but the ready service's name.</summary>
internal sealed class DnsClientConfigurator : IClientBuilderConfigurator
{
    public void Configure(IConfiguration configuration, IClientBuilder client) =>
        client.UseKubeDnsClustering(options =>
        {
            options.ServiceName = $"{DnsNamespace.Ready}.{DnsNamespace.Name}.svc.cluster.local";
            options.NameServers = [configuration[PodSilo.Dns]!];
        });
}
