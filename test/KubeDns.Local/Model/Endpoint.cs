using System.Net;

namespace KubeDns.Local.Model;

/// <summary>An address of a service, under its name there, with one of its ports.</summary>
/// <param name="Label">First label of the endpoint's name.</param>
/// <param name="Address">Its address.</param>
/// <param name="PortName">Name of the port, empty if it has none.</param>
/// <param name="Protocol">Protocol of the port.</param>
/// <param name="Port">Number of the port, or <see cref="NoPort"/>: such an endpoint has no SRV record.</param>
internal sealed record Endpoint(string Label, IPAddress Address, string PortName, string Protocol, int Port)
{
    public const int NoPort = -1;

    /// <summary>Stands for a pod that has none of the service's ports; CoreDNS still lists its address.</summary>
    public static Endpoint Portless(string label, IPAddress address) => new(label, address, "", "TCP", NoPort);
}
