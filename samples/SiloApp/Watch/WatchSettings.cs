using System.Net;
using Microsoft.AspNetCore.Http;
using Orleans.Configuration;

namespace SiloApp.Watch;

/// <summary>Where to look: the names that the silo itself derives from the same settings, and its ports.</summary>
internal sealed record WatchSettings(
    IPEndPoint[] NameServers, string Discovery, string? Ready, string Port, int StatusPort, int AppPort)
{
    private const int DnsPort = 53;
    private const int UsualAppPort = 8080;

    public static WatchSettings Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Orleans:Clustering");
        var options = section.Get<KubeDnsClusteringOptions>() ?? new();
        var lines = File.Exists(options.ResolvConf) ? File.ReadAllLines(options.ResolvConf) : [];
        var suffix = Words(lines, "search").FirstOrDefault(name => name.Split('.') is [_, "svc", _, ..])?.Split('.', 3);
        var space = options.Namespace ?? suffix?[0] ?? "default";
        var zone = options.ClusterDomain ?? suffix?[2] ?? "cluster.local";
        var configured = options.NameServers.Count > 0 ? options.NameServers
            : section["NameServers"]?.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries) ?? [];
        return new WatchSettings(
            [.. (configured.Count > 0 ? configured : Words(lines, "nameserver")).Select(Server)],
            Whole(options.ServiceName, space, zone),
            options.ReadyServiceName is { Length: > 0 } ready ? Whole(ready, space, zone) : null,
            options.PortName,
            options.StatusPort,
            AppPortOf(configuration));
    }

    private static string Whole(string service, string space, string zone) => service.TrimEnd('.').Split('.') switch
    {
        [var name] => $"{name}.{space}.svc.{zone}",
        [var name, var other] => $"{name}.{other}.svc.{zone}",
        [var name, var other, "svc"] => $"{name}.{other}.svc.{zone}",
        _ => service.TrimEnd('.'),
    };

    private static IEnumerable<string> Words(string[] lines, string key) => lines
        .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length > 1 && words[0] == key).SelectMany(words => words[1..]);

    private static IPEndPoint Server(string text) =>
        IPEndPoint.Parse(text) is { Port: > 0 } whole ? whole : new IPEndPoint(IPAddress.Parse(text), DnsPort);

    // All silos have the same; ASP.NET Core takes it from one of these two.
    private static int AppPortOf(IConfiguration configuration) =>
        configuration["urls"] is { Length: > 0 } urls ? BindingAddress.Parse(urls.Split(';')[0]).Port
        : int.TryParse(configuration["http_ports"]?.Split(';')[0], out var port) ? port : UsualAppPort;
}
