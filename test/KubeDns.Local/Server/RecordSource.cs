using KubeDns.Local.Model;
using KubeDns.Local.Wire;

namespace KubeDns.Local.Server;

/// <summary>Makes the records of one answer.</summary>
/// <param name="asked">The name as asked: its letter case comes back in the owner and in the zone of targets.</param>
/// <param name="zoneLabels">How many of its labels are the zone.</param>
/// <param name="view">What DNS knows at this moment.</param>
/// <param name="ttl">TTL of every record.</param>
internal sealed class RecordSource(DnsName asked, int zoneLabels, DnsView view, uint ttl)
{
    private const uint MaximumAuthorityTtl = 300;

    private IEnumerable<string> Zone => asked.Last(zoneLabels);

    /// <summary>No records but the zone's authority, by which resolvers cache the absence.</summary>
    public DnsAnswer Without(ResponseCode code) => new(code) { Authorities = [Soa()] };

    public DnsAnswer Authority() => new(ResponseCode.NoError) { Answers = [Soa()] };

    public DnsAnswer Addresses(RecordType type, IReadOnlyList<Found> found)
    {
        var addresses = found.Select(f => f.Address).Where(a => AddressRecord.TypeOf(a) == type).Distinct();
        return OrNoData([.. addresses.Select(a => new AddressRecord(asked, ttl, a))], []);
    }

    public DnsAnswer Services(IReadOnlyList<Found> found)
    {
        var weight = (ushort)Math.Max(1, 100 / Math.Max(1, found.Count));
        var services = new List<DnsRecord>();
        var glue = new List<DnsRecord>();
        var seen = new HashSet<object>();
        foreach (var (label, address, port) in found.Where(f => f.Port != Endpoint.NoPort))
        {
            var target = Target(label);
            if (seen.Add((label, port)))
            {
                services.Add(new ServiceRecord(asked, ttl, weight, (ushort)port, target));
            }

            if (seen.Add((label, address)))
            {
                glue.Add(new AddressRecord(target, ttl, address));
            }
        }

        return OrNoData(services, glue);
    }

    private DnsAnswer OrNoData(IReadOnlyList<DnsRecord> answers, IReadOnlyList<DnsRecord> additionals) =>
        answers.Count == 0
            ? Without(ResponseCode.NoError)
            : new DnsAnswer(ResponseCode.NoError) { Answers = answers, Additionals = additionals };

    private DnsName Target(string? label)
    {
        var service = view.Service!;
        IEnumerable<string> endpoint = label is null ? [] : label.Split('.');
        return new DnsName([.. endpoint, service.Name, service.Namespace, "svc", .. Zone]);
    }

    private AuthorityRecord Soa() => new(
        new DnsName(Zone),
        Math.Min(ttl, MaximumAuthorityTtl),
        new DnsName(["ns", "dns", .. Zone]),
        new DnsName(["hostmaster", .. Zone]),
        view.Serial);
}
