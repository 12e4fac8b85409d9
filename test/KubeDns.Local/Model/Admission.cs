using System.Net;
using System.Text.RegularExpressions;

namespace KubeDns.Local.Model;

/// <summary>Refuses what the API server would refuse, so that a typing error is not taken for a DNS fault.</summary>
internal static partial class Admission
{
    public static void Check(ServiceSpec service)
    {
        ArgumentNullException.ThrowIfNull(service);
        RequireNoGaps(service.Ports);
        RequireNoGaps(service.ClusterIPs);
        RequireLabel(service.Namespace, "namespace");
        RequireLabel(service.Name, "service name");
        foreach (var port in service.Ports)
        {
            RequirePortName(port.Name, service.Ports.Count == 1);
            RequirePort(port.Port);
            RequirePort(port.TargetPort ?? port.Port);
            Require(port.Protocol is "TCP" or "UDP", $"protocol '{port.Protocol}' is neither TCP nor UDP");
        }

        var names = service.Ports.Select(p => p.Name).ToList();
        Require(names.Distinct().Count() == names.Count, "two ports of the service have the same name");
        RequireOneOfEachFamily(service.ClusterIPs);
    }

    public static void Check(PodSpec pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        RequireNoGaps(pod.Addresses);
        RequireNoGaps(pod.Services);
        RequireLabel(pod.Namespace, "namespace");
        Require(
            pod.Name.Length <= 253 && pod.Name.Split('.').All(part => Label().IsMatch(part)),
            $"'{pod.Name}' is no pod name");
        foreach (var label in new[] { pod.Hostname, pod.Subdomain }.OfType<string>())
        {
            RequireLabel(label, "host name or subdomain");
        }

        foreach (var service in pod.Services)
        {
            RequireLabel(service, "service name");
        }

        foreach (var (name, port) in pod.Ports)
        {
            RequirePortName(name, mayBeEmpty: true);
            RequirePort(port);
        }

        RequireOneOfEachFamily(pod.Addresses);
    }

    public static void Check(FaultSpec fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        Require(fault.AnswerDelayMs is null or >= 0, "answerDelayMs is negative");
        Require(fault.PublicationDelayMs is null or >= -1, "publicationDelayMs is below -1");
        Require(fault.Ttl is null or >= 0, "ttl is negative");
    }

    public static void RequireLabel(string text, string what) =>
        Require(IsLabel(text), $"'{text}' is no {what}: lower-case letters, digits and dashes, at most 63");

    // The JSON reader checks members against null, but not the elements of lists.
    private static void RequireNoGaps(IEnumerable<object?> list) =>
        Require(list.All(element => element is not null), "a list of addresses, ports or names contains null");

    private static bool IsLabel(string text) => text.Length <= 63 && Label().IsMatch(text);

    private static void RequirePortName(string name, bool mayBeEmpty) =>
        Require((name.Length == 0 && mayBeEmpty) || IsLabel(name), $"'{name}' is no port name");

    private static void RequirePort(int port) =>
        Require(port is > 0 and <= ushort.MaxValue, $"{port} is no port: 1 to 65535");

    private static void RequireOneOfEachFamily(IReadOnlyList<IPAddress> addresses)
    {
        Require(
            addresses.Select(a => a.AddressFamily).Distinct().Count() == addresses.Count,
            "more than one address of a family");
        Require(
            !addresses.Any(a => a.IsIPv4MappedToIPv6 || a.ToString().Contains('%')),
            "an address has a scope or is an IPv4 address in IPv6 clothes");
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new ArgumentException(fault + ".");
        }
    }

    [GeneratedRegex("^[a-z0-9]([-a-z0-9]*[a-z0-9])?\\z")]
    private static partial Regex Label();
}
