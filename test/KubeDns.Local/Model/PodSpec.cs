using System.Net;

namespace KubeDns.Local.Model;

/// <summary>A pod, and the services whose selectors choose it.</summary>
internal sealed record PodSpec(string Namespace, string Name)
{
    /// <summary>At most one address of each family; none while the pod waits for its network.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>Names of the selecting services, in the pod's namespace.</summary>
    public IReadOnlyList<string> Services { get; init; } = [];

    /// <summary><c>spec.hostname</c>: the pod's name for a StatefulSet, otherwise usually nothing.</summary>
    public string? Hostname { get; init; }

    /// <summary><c>spec.subdomain</c>: for a StatefulSet, its <c>serviceName</c>.</summary>
    public string? Subdomain { get; init; }

    /// <summary>
    /// The pod's own ports by name. They override the service's, so that pods may share one address, as silos on a
    /// laptop share 127.0.0.1.
    /// </summary>
    public IReadOnlyDictionary<string, int> Ports { get; init; } = new Dictionary<string, int>();

    public bool Ready { get; init; } = true;

    public bool Terminating { get; init; }

    internal PodKey Key => new(Namespace, Name);

    /// <summary>A pod as a StatefulSet makes it.</summary>
    public static PodSpec OfStatefulSet(
        string @namespace, string name, string serviceName, params IPAddress[] addresses) =>
        new(@namespace, name)
        {
            Addresses = addresses,
            Services = [serviceName],
            Hostname = name,
            Subdomain = serviceName,
        };
}

internal readonly record struct PodKey(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
