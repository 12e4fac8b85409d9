using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>What was configured about a service's name, and where the rest may be read.</summary>
internal sealed record ServiceNameSettings(string ServiceName)
{
    public string? Namespace { get; init; }

    public string? ClusterDomain { get; init; }

    public string ResolvConf { get; init; } = "/etc/resolv.conf";

    public string NamespaceFile { get; init; } = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";
}

/// <summary>A service's place in Kubernetes' DNS; all parts in lower case, the zone without the trailing dot.</summary>
internal sealed record ServiceName(string Service, string Namespace, string Zone)
{
    private const string DefaultZone = "cluster.local";

    /// <summary><c>service.namespace.svc.zone</c>.</summary>
    public string Fqdn => $"{Service}.{Namespace}.svc.{Zone}";

    public override string ToString() => Fqdn;

    /// <summary>Reads the files named in the settings and derives the name.</summary>
    /// <exception cref="DiscoveryException">KDNS312.</exception>
    public static ServiceName Find(ServiceNameSettings settings)
    {
        var resolv = new WatchedFile<ResolvConf>(settings.ResolvConf, ResolvConf.Parse).Read();
        var account = new WatchedFile<string>(settings.NamespaceFile, text => text.Trim()).Read();
        return Derive(settings, resolv, account);
    }

    /// <summary>
    /// Each part from the service name itself if it is qualified, else from its option, else from resolv.conf, else
    /// from the service account. What contradicts or is missing is an error: a guessed namespace would find strangers.
    /// </summary>
    /// <exception cref="DiscoveryException">KDNS312.</exception>
    public static ServiceName Derive(ServiceNameSettings settings, ResolvConf? resolv, string? accountNamespace)
    {
        if (!DnsName.IsHostName(settings.ServiceName))
        {
            throw Fault(settings, $"\"{settings.ServiceName}\" is not a DNS name");
        }

        var parts = DnsName.Labels(DnsName.Canonical(settings.ServiceName));
        if (parts.Length > 2 && parts[2] != "svc")
        {
            throw Fault(settings, $"\"{settings.ServiceName}\" is not of the form service.namespace.svc.domain");
        }

        var suffix = resolv?.KubernetesSuffix;
        var account = string.IsNullOrEmpty(accountNamespace) ? null : accountNamespace;
        var own = parts.Length > 1 ? parts[1] : null;
        var zone = parts.Length > 3 ? string.Join('.', parts[3..]) : null;
        var name = new ServiceName(
            parts[0],
            Part(settings, "Namespace", own, settings.Namespace, suffix?.Namespace ?? account),
            Part(settings, "ClusterDomain", zone, settings.ClusterDomain,
                suffix?.Zone ?? (account is null ? null : DefaultZone)));
        return DnsName.IsHostName(name.Fqdn) ? name : throw Fault(settings, $"\"{name.Fqdn}\" is not a DNS name");
    }

    private static string Part(
        ServiceNameSettings settings, string option, string? qualified, string? configured, string? found)
    {
        configured = string.IsNullOrWhiteSpace(configured) ? null : DnsName.Canonical(configured.Trim());
        if (qualified is not null && configured is not null && qualified != configured)
        {
            throw Fault(settings, $"{option} says \"{configured}\", but ServiceName says \"{qualified}\"");
        }

        var part = qualified ?? configured ?? found
            ?? throw Fault(settings, $"{option} is not set, and nothing here tells it");
        return DnsName.Canonical(part);
    }

    private static DiscoveryException Fault(ServiceNameSettings settings, string seen) =>
        new(ServiceErrors.NoSuffix(settings, seen));
}

/// <summary>A named port of a service: what an SRV question asks for.</summary>
internal sealed record ServicePort(ServiceName Service, string PortName)
{
    /// <summary>Absolute: <c>_port._tcp.service.namespace.svc.zone.</c></summary>
    public string SrvName => $"_{PortName.ToLowerInvariant()}._tcp.{Service.Fqdn}.";
}
