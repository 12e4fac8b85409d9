using System.Net;
using KubeDns.Local.Model;

namespace KubeDns.Local.Server;

/// <summary>How a local DNS server runs. The defaults are those of a test: free ports, no control port.</summary>
internal sealed record LocalDnsOptions
{
    /// <summary>Address for UDP and TCP; port 0 takes one that is free for both.</summary>
    public IPEndPoint Listen { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Address of the HTTP control port; null for none.</summary>
    public IPEndPoint? Control { get; init; }

    public string Zone { get; init; } = "cluster.local";

    /// <summary>TTL of the records in seconds; 5 is CoreDNS' default, kubeadm sets 30.</summary>
    public int Ttl { get; init; } = 5;

    /// <summary>CoreDNS' option <c>endpoint_pod_names</c>, off in every default Corefile.</summary>
    public bool EndpointPodNames { get; init; }

    /// <summary>Limit of UDP answers whatever size the client offers, as CoreDNS' <c>bufsize</c> sets it.</summary>
    public int MaximumUdpSize { get; init; } = ushort.MaxValue;

    /// <summary>What the cluster holds at the start.</summary>
    public ClusterState Cluster { get; init; } = new();

    /// <summary>Clock of the publication and answer delays.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
