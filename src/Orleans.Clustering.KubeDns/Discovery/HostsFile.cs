using System.Collections.Immutable;
using System.Net;
using Orleans.Clustering.KubeDns.Dns;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>
/// The hosts file, where kubelet writes <c>IP host.domain host</c> for each address of the pod. The first name of the
/// line is the canonical one, which <c>hostname -f</c> prints.
/// </summary>
internal sealed record HostsFile(ImmutableArray<(IPAddress Address, string Name)> Lines)
{
    public static HostsFile Parse(string text)
    {
        var lines = ImmutableArray.CreateBuilder<(IPAddress, string)>();
        foreach (var line in text.Split('\n'))
        {
            var words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length > 1 && IPAddress.TryParse(words[0], out var address) && DnsName.IsHostName(words[1]))
            {
                lines.Add((Plain(address), DnsName.Canonical(words[1])));
            }
        }

        return new HostsFile(lines.ToImmutable());
    }

    /// <summary>
    /// The canonical names of the lines for an address, in order. More than one only where several hosts share an
    /// address, as on a laptop.
    /// </summary>
    public ImmutableArray<string> NamesOf(IPAddress address) =>
        [.. Lines.Where(line => line.Address.Equals(Plain(address))).Select(line => line.Name)];

    internal static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
