using System.Text.Json.Nodes;
using Orleans.Configuration;

namespace Orleans.Clustering.KubeDns.Tests.Options;

/// <summary>One option: its default, and another value with the text by which configuration gives it.</summary>
internal sealed record OptionSample(string Name, object? Default, object Value, params string[] Text)
{
    /// <summary>Every option of a silo; that none is forgotten is tested.</summary>
    public static readonly OptionSample[] Silo =
    [
        new("ServiceName", "", "orleans", "orleans"),
        new("ReadyServiceName", null, "orleans-ready", "orleans-ready"),
        new("Namespace", null, "shop", "shop"),
        new("ClusterDomain", null, "corp.example", "corp.example"),
        new("PortName", "discovery", "peers", "peers"),
        new("DiscoveryPort", 11112, 21112, "21112"),
        new("StatusPort", 11113, 0, "0"),
        new("Fqdn", null, "a.b.c.svc.corp.example", "a.b.c.svc.corp.example"),
        new("HostsFile", "/etc/hosts", "/pod/hosts", "/pod/hosts"),
        new("ResolvConf", "/etc/resolv.conf", "/pod/resolv.conf", "/pod/resolv.conf"),
        new("DnsStaleness", null, Seconds(0.2), "00:00:00.2"),
        new("EndpointNaming", EndpointNaming.PodName, EndpointNaming.Any, "any"),
        new("NameServers", Array.Empty<string>(), new[] { "10.96.0.10", "[fd00::a]:53" }, "10.96.0.10", "[fd00::a]:53"),
        new("MinimumSilos", 1, 2, "2"),
        new("ContactTimeout", Seconds(30), Seconds(90), "00:01:30"),
        new("MaxVoters", 5, 3, "3"),
        new("TrustConnectionRefused", true, false, "False"),
        new("FailureDomain", null, "eu-west-1a", "eu-west-1a"),
        new("QuorumLoss", QuorumLossPolicy.FollowKubernetes, QuorumLossPolicy.Wait, "Wait"),
        new("OperationTimeout", Seconds(5), Seconds(7), "00:00:07"),
        new("TakeoverAfter", Seconds(1), Seconds(2), "00:00:02"),
        new("VoterTimeout", Seconds(10), Seconds(15), "00:00:15"),
        new("RefusedFor", Seconds(1.5), Seconds(2.5), "00:00:02.500"),
        new("RemovedFor", Seconds(10), Seconds(11), "00:00:11"),
        new("NotReadyFor", Seconds(20), Seconds(3600), "01:00:00"),
        new("RescueAfter", Seconds(5), Seconds(6), "0:0:6"),
        new("StallFence", Seconds(5), Seconds(8), "00:00:08"),
        new("FenceAfter", Seconds(60), Seconds(120), "00:02:00"),
        new("SecretFile", null, "/etc/hosts", "/etc/hosts"),
        new("PreviousSecretFile", null, "/run/secrets/previous", "/run/secrets/previous"),
    ];

    /// <summary>Every option of a client.</summary>
    public static readonly OptionSample[] Client =
    [
        .. Silo.Where(sample => sample.Name
            is "ServiceName" or "Namespace" or "ClusterDomain" or "NameServers"),
        new("PortName", "gateway", "clients", "clients"),
    ];

    /// <summary>As a settings file has it: numbers and switches bare, lists as arrays.</summary>
    public JsonNode Json => Value switch
    {
        int number => number,
        bool on => on,
        string[] => new JsonArray([.. Text.Select(text => (JsonNode)text)]),
        _ => Text[0],
    };

    /// <summary>As the environment has it; lists by their indexes.</summary>
    public IEnumerable<(string Name, string Value)> Environment => Value is string[]
        ? Text.Select((text, i) => ($"Orleans__Clustering__{Name}__{i}", text))
        : [($"Orleans__Clustering__{Name}", Text[0])];

    public override string ToString() => Name;

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
