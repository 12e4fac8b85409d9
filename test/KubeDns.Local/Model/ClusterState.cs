namespace KubeDns.Local.Model;

/// <summary>What DNS shows of one service at one moment.</summary>
internal sealed record DnsView(
    bool Synchronised, uint Serial, bool NamespaceExists, ServiceSpec? Service, IReadOnlyList<Endpoint> Endpoints);

internal sealed record ServiceFaults(string Namespace, string Service, FaultSpec Faults);

/// <summary>A whole cluster: the configuration file and the control port's <c>GET /state</c>.</summary>
internal sealed record ClusterState
{
    public bool Synchronised { get; init; } = true;

    /// <summary>CoreDNS' option; null leaves it as it is.</summary>
    public bool? EndpointPodNames { get; init; }

    public IReadOnlyList<string> Namespaces { get; init; } = [];

    public IReadOnlyList<ServiceSpec> Services { get; init; } = [];

    public IReadOnlyList<PodSpec> Pods { get; init; } = [];

    public FaultSpec Faults { get; init; } = FaultSpec.None;

    public IReadOnlyList<ServiceFaults> ServiceFaults { get; init; } = [];

    /// <summary>Adds all of this to a cluster. Faults come last: what is configured is there from the start.</summary>
    public void ApplyTo(LocalCluster cluster)
    {
        cluster.EndpointPodNames = EndpointPodNames ?? cluster.EndpointPodNames;
        foreach (var name in Namespaces)
        {
            cluster.AddNamespace(name);
        }

        foreach (var service in Services)
        {
            cluster.AddService(service);
        }

        foreach (var pod in Pods)
        {
            cluster.AddPod(pod);
        }

        cluster.Faults = Faults;
        foreach (var faults in ServiceFaults)
        {
            ArgumentNullException.ThrowIfNull(faults);
            cluster.SetServiceFaults(faults.Namespace, faults.Service, faults.Faults);
        }

        cluster.Synchronised = Synchronised;
    }
}
