using System.Net;
using System.Text.Json.Serialization;

namespace KubeDns.Local.Model;

/// <summary>One port of a service; see <see cref="EndpointSelection"/> for how it becomes a pod's port.</summary>
/// <param name="Name">Name as in <c>_name._tcp</c>; empty for the single port of a service that leaves it out.</param>
/// <param name="Port">The service's port; what a ClusterIP service answers.</param>
internal sealed record ServicePort(string Name, int Port)
{
    /// <summary>Port of the pods, if it differs and the pod declares none under <see cref="Name"/>.</summary>
    public int? TargetPort { get; init; }

    /// <summary>A named targetPort: only pods that declare a port of this name have this port.</summary>
    public string? TargetPortName { get; init; }

    public string Protocol { get; init; } = "TCP";
}

internal enum Families
{
    DualStack,

    [JsonStringEnumMemberName("ipv4")]
    IPv4,

    [JsonStringEnumMemberName("ipv6")]
    IPv6,
}

/// <summary>A service; headless unless it has cluster addresses.</summary>
internal sealed record ServiceSpec(string Namespace, string Name)
{
    public IReadOnlyList<ServicePort> Ports { get; init; } = [];

    public bool PublishNotReadyAddresses { get; init; }

    public Families Families { get; init; } = Families.DualStack;

    /// <summary>Addresses of a ClusterIP service; empty for a headless one.</summary>
    public IReadOnlyList<IPAddress> ClusterIPs { get; init; } = [];

    internal bool Headless => ClusterIPs.Count == 0;

    internal ServiceKey Key => new(Namespace, Name);
}

internal readonly record struct ServiceKey(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
