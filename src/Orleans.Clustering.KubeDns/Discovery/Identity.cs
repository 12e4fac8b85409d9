using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>What is known of ourselves before DNS is asked.</summary>
internal sealed record IdentitySettings(IPAddress Address, int Port)
{
    /// <summary>The option; else the hosts file tells.</summary>
    public string? Fqdn { get; init; }

    /// <summary>POD_NAME of the downward API, to catch a host name that is not the pod's.</summary>
    public string? PodName { get; init; }

    /// <summary>EndpointNaming = Any: the name by which DNS lists our address is ours.</summary>
    public bool NamedByDns { get; init; }

    public string HostsFile { get; init; } = "/etc/hosts";
}

/// <summary>
/// Who we are: the name that the host itself has, never one put together from parts, because a name that nobody else
/// knows would be believed only by us.
/// </summary>
internal sealed record Identity(IPAddress Address, int Port)
{
    /// <summary>Lower case, no trailing dot; null where DNS is to name us.</summary>
    public string? Fqdn { get; init; }

    /// <summary>
    /// What CoreDNS calls an endpoint that has no name, its address with dashes: our name until DNS tells one.
    /// </summary>
    public string NameByAddress(ServiceName service) => $"{LabelOf($"{Address}")}.{service.Fqdn}";

    /// <summary>The first label of that name.</summary>
    public static string LabelOf(string address)
    {
        var dashed = address.Replace('.', '-').Replace(':', '-');

        // A label must not end in a dash.
        return dashed.EndsWith('-') ? dashed + "0" : dashed;
    }

    /// <summary>Reads the hosts file and determines who we are.</summary>
    /// <exception cref="DiscoveryException">KDNS316.</exception>
    public static Identity Find(IdentitySettings settings, ServiceName service)
    {
        var hosts = new WatchedFile<HostsFile>(settings.HostsFile, Discovery.HostsFile.Parse).Read();
        return Determine(settings, service, hosts);
    }

    /// <exception cref="DiscoveryException">KDNS316.</exception>
    public static Identity Determine(IdentitySettings settings, ServiceName service, HostsFile? hosts)
    {
        var identity = new Identity(Discovery.HostsFile.Plain(settings.Address), settings.Port);
        if (settings.NamedByDns)
        {
            return identity;
        }

        var fqdn = NameOfHost(settings, service, hosts);
        var pod = DnsName.Labels(fqdn)[0];
        if (fqdn != $"{pod}.{service.Fqdn}")
        {
            throw Fault(settings, service, $"{Source(settings)} \"{fqdn}\", not <pod>.{service.Fqdn}");
        }

        if (!string.IsNullOrEmpty(settings.PodName) && !DnsName.Same(settings.PodName, pod))
        {
            throw Fault(settings, service, $"{Source(settings)} \"{fqdn}\", but POD_NAME is \"{settings.PodName}\"");
        }

        return identity with { Fqdn = fqdn };
    }

    private static string NameOfHost(IdentitySettings settings, ServiceName service, HostsFile? hosts)
    {
        if (!string.IsNullOrWhiteSpace(settings.Fqdn))
        {
            return DnsName.Canonical(settings.Fqdn.Trim());
        }

        var names = (hosts ?? throw Fault(settings, service, $"{settings.HostsFile} cannot be read"))
            .NamesOf(settings.Address);
        if (names.IsEmpty)
        {
            throw Fault(settings, service, $"{settings.HostsFile} has no line for our address {settings.Address}");
        }

        return names.FirstOrDefault(n => Fits(n, service, settings.PodName)) ?? names[0];
    }

    // Where several silos share an address, as on a laptop, the pod's name picks the line.
    private static bool Fits(string name, ServiceName service, string? podName) =>
        name.EndsWith("." + service.Fqdn, StringComparison.Ordinal)
        && (string.IsNullOrEmpty(podName) || DnsName.Same(DnsName.Labels(name)[0], podName));

    private static string Source(IdentitySettings settings) => string.IsNullOrWhiteSpace(settings.Fqdn)
        ? $"{settings.HostsFile} calls our address {settings.Address}"
        : "the option Fqdn says";

    private static DiscoveryException Fault(IdentitySettings settings, ServiceName service, string seen) =>
        new(IdentityErrors.NoFqdn(settings, service, seen));
}
