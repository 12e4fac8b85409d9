using KubeDns.Local.Model;
using KubeDns.Local.Wire;

namespace KubeDns.Local.Server;

/// <summary>A name that exists, with the addresses and ports found for it.</summary>
internal readonly record struct Found(string? Label, System.Net.IPAddress Address, int Port);

/// <summary>From a question to an answer: the authority over one zone, as CoreDNS' kubernetes plugin is.</summary>
internal sealed class Responder(LocalCluster cluster, DnsName zone, uint defaultTtl)
{
    private static readonly DnsAnswer Refused = new(ResponseCode.Refused) { Authoritative = false };

    /// <summary>The service that a name belongs to, existing or not: what a fault of a service is bound to.</summary>
    public ServiceKey? ServiceOf(DnsName name) =>
        name.IsWithin(zone)
        && ServiceName.Parse(name.Before(zone.Labels.Count)) is { Namespace: { } space, Service: { } service }
            ? new ServiceKey(space, service)
            : null;

    public DnsAnswer Answer(DnsQuery query, FaultSpec faults)
    {
        if (query.Error != ResponseCode.NoError || query.Question is not { } question)
        {
            return new DnsAnswer(query.Error) { Authoritative = false };
        }

        if (query.Edns is { Version: > 0 })
        {
            return new DnsAnswer(ResponseCode.BadVers) { Authoritative = false };
        }

        return question.Class == DnsClass.Internet && question.Name.IsWithin(zone)
            && question.Type is not (RecordType.Axfr or RecordType.Ixfr)
            ? AnswerInZone(question, faults)
            : Refused;
    }

    private DnsAnswer AnswerInZone(Question question, FaultSpec faults)
    {
        var name = ServiceName.Parse(question.Name.Before(zone.Labels.Count));
        var view = cluster.View(name?.Namespace, name?.Service);
        var records = new RecordSource(question.Name, zone.Labels.Count, view, (uint?)faults.Ttl ?? defaultTtl);
        return (view.Synchronised ? faults.Answer : FaultAnswer.ServFail) switch
        {
            FaultAnswer.ServFail => records.Without(ResponseCode.ServFail),
            FaultAnswer.NxDomain => records.Without(ResponseCode.NxDomain),
            _ when Find(name, view) is { } found => Answer(question, records, found),
            _ => records.Without(ResponseCode.NxDomain),
        };
    }

    private DnsAnswer Answer(Question question, RecordSource records, IReadOnlyList<Found> found) =>
        question.Type switch
        {
            RecordType.A or RecordType.Aaaa => records.Addresses(question.Type, found),
            RecordType.Srv => records.Services(found),
            RecordType.Soa when question.Name.Labels.Count == zone.Labels.Count => records.Authority(),
            _ => records.Without(ResponseCode.NoError),
        };

    /// <summary>Null: there is no such name. Empty: there is, but nothing at it.</summary>
    private static IReadOnlyList<Found>? Find(ServiceName? name, DnsView view)
    {
        if (name is null || (name.Namespace is not null && !view.NamespaceExists))
        {
            return null;
        }

        if (name.Service is null)
        {
            return [];
        }

        IReadOnlyList<Found> found = view.Service switch
        {
            null => [],
            { Headless: true } => FindEndpoints(name, view),
            _ when name.Endpoint is not null => FindEndpoints(name, view),
            var service => FindClusterAddresses(name, service),
        };
        return found.Count > 0 ? found : null;
    }

    private static List<Found> FindEndpoints(ServiceName name, DnsView view) =>
    [
        .. from endpoint in view.Endpoints
           where name.Endpoint is null || ServiceName.Is(name.Endpoint, endpoint.Label)
           where name.AsksFor(endpoint.PortName, endpoint.Protocol)
           select new Found(endpoint.Label, endpoint.Address, endpoint.Port),
    ];

    private static List<Found> FindClusterAddresses(ServiceName name, ServiceSpec service) =>
    [
        .. from port in service.Ports
           where name.AsksFor(port.Name, port.Protocol)
           from address in service.ClusterIPs
           select new Found(null, address, port.Port),
    ];
}
