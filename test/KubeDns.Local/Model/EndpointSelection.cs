using System.Net;
using System.Net.Sockets;

namespace KubeDns.Local.Model;

/// <summary>What the endpointslice controller makes of a service and its pods.</summary>
internal static class EndpointSelection
{
    /// <summary>
    /// The endpoints, IPv4 before IPv6, for each family has slices of its own, and within them in the pods' order.
    /// </summary>
    public static IReadOnlyList<Endpoint> Select(ServiceSpec service, IEnumerable<PodSpec> pods, bool endpointPodNames)
    {
        var listed = pods.Where(pod => IsListed(service, pod)).ToList();
        return
        [
            .. Family(AddressFamily.InterNetwork, Families.IPv6),
            .. Family(AddressFamily.InterNetworkV6, Families.IPv4),
        ];

        IEnumerable<Endpoint> Family(AddressFamily family, Families excludedBy) =>
            service.Families == excludedBy
                ? []
                : from pod in listed
                  from address in pod.Addresses
                  where address.AddressFamily == family
                  from endpoint in OfAddress(service, pod, address, endpointPodNames)
                  select endpoint;
    }

    private static bool IsListed(ServiceSpec service, PodSpec pod) =>
        pod.Namespace == service.Namespace
        && pod.Services.Contains(service.Name)
        && (service.PublishNotReadyAddresses || (pod.Ready && !pod.Terminating));

    private static IEnumerable<Endpoint> OfAddress(
        ServiceSpec service, PodSpec pod, IPAddress address, bool endpointPodNames)
    {
        var label = EndpointName.Of(pod, service.Name, address, endpointPodNames);
        var any = false;
        foreach (var port in service.Ports)
        {
            if (Number(port, pod) is { } number)
            {
                any = true;
                yield return new Endpoint(label, address, port.Name, port.Protocol, number);
            }
        }

        if (!any)
        {
            yield return Endpoint.Portless(label, address);
        }
    }

    private static int? Number(ServicePort port, PodSpec pod)
    {
        if (port.TargetPortName is { } name)
        {
            return pod.Ports.TryGetValue(name, out var named) ? named : null;
        }

        return pod.Ports.TryGetValue(port.Name, out var own) ? own : port.TargetPort ?? port.Port;
    }
}
