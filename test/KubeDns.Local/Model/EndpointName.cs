using System.Net;
using System.Net.Sockets;

namespace KubeDns.Local.Model;

/// <summary>The label under which CoreDNS lists an endpoint of a service.</summary>
internal static class EndpointName
{
    // CoreDNS falls back to the address for pod names that are no DNS label; it compares against 64.
    private const int PodNameLimit = 64;

    public static string Of(PodSpec pod, string service, IPAddress address, bool endpointPodNames)
    {
        if (!string.IsNullOrEmpty(pod.Hostname) && pod.Subdomain == service)
        {
            return pod.Hostname;
        }

        return endpointPodNames && pod.Name.Length < PodNameLimit ? pod.Name : Dashed(address);
    }

    private static string Dashed(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            return address.ToString().Replace('.', '-');
        }

        // A label must not end in a dash.
        var dashed = address.ToString().Replace(':', '-');
        return dashed.EndsWith('-') ? dashed + "0" : dashed;
    }
}
