using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>The two lines of resolv.conf that matter here: whom to ask, and in which namespace we are.</summary>
internal sealed record ResolvConf(ImmutableArray<IPEndPoint> NameServers, ImmutableArray<string> Search)
{
    private const int DnsPort = 53;

    /// <summary>
    /// Of the first search entry of the form <c>namespace.svc.zone</c>; kubelet writes it first, a pod's own
    /// <c>dnsConfig</c> may put others around it.
    /// </summary>
    public (string Namespace, string Zone)? KubernetesSuffix =>
        Search.Select(DnsName.Labels).Where(l => l.Length > 2 && l[1] == "svc")
            .Select(l => ((string, string)?)(l[0], string.Join('.', l[2..]))).FirstOrDefault();

    /// <summary>Unknown and broken lines are skipped, as the C library does.</summary>
    public static ResolvConf Parse(string text)
    {
        var servers = new List<IPEndPoint>();
        ImmutableArray<string> search = [];
        foreach (var words in text.Split('\n').Select(Words).Where(words => words.Length > 1))
        {
            if (words[0] is "nameserver" && TryEndPoint(words[1], out var server))
            {
                servers.Add(server);
            }
            else if (words[0] is "search" or "domain")
            {
                search = [.. words[1..].Where(DnsName.IsHostName).Select(DnsName.Canonical)]; // The last one counts.
            }
        }

        return new ResolvConf([.. servers.Distinct()], search);
    }

    /// <summary>An address of either family, with or without a port; a port is for laptops and tests.</summary>
    public static bool TryEndPoint(string text, out IPEndPoint server)
    {
        if (!IPEndPoint.TryParse(text, out var parsed))
        {
            server = new IPEndPoint(IPAddress.None, DnsPort);
            return false;
        }

        server = parsed.Port == 0 ? new IPEndPoint(parsed.Address, DnsPort) : parsed;
        return true;
    }

    private static string[] Words(string line)
    {
        var end = line.IndexOfAny(['#', ';']);
        return (end < 0 ? line : line[..end]).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
    }
}
