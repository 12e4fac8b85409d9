using System.Net;
using Orleans.Clustering.KubeDns.Cluster.TestingHost;

namespace Orleans.Clustering.KubeDns.Cluster.Bind;

/// <summary>One pod of the StatefulSet.</summary>
internal sealed record BindPod(string Name, IPAddress Address, int Discovery, int Gateway)
{
    public bool IsReady { get; init; }
}

/// <summary>
/// Keeps the zone as CoreDNS would serve it: for each service an SRV record of each port and pod, and an A record of
/// each name; all pods in the one, the ready ones in the other, which names them by address since it is not theirs.
/// </summary>
internal sealed class BindNamespace(Named named, IPEndPoint way) : IPodDns
{
    /// <summary>What one message surely holds.</summary>
    private const int Batch = 200;

    private readonly Dictionary<string, BindPod> _pods = [];
    private readonly Lock _lock = new();
    private HashSet<string> _records = [];

    public string Address => $"{way}";

    public void AddPod(string name, int discovery, int gateway) =>
        Change(() => _pods[name] = new BindPod(name, IPAddress.Loopback, discovery, gateway));

    public void AddPods(IEnumerable<BindPod> pods) => Change(() =>
    {
        foreach (var pod in pods) _pods[pod.Name] = pod;
    });

    public void SetReady(string name) => Change(() => _pods[name] = _pods[name] with { IsReady = true });

    public void RemovePod(string name) => Change(() => _pods.Remove(name));

    public ValueTask DisposeAsync() => named.DisposeAsync();

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            var wanted = _pods.Values.SelectMany(Records).ToHashSet();
            var commands = _records.Except(wanted).Select(record => $"update delete {record.Replace(" 5 IN ", " IN ")}")
                .Concat(wanted.Except(_records).Select(record => $"update add {record}"));
            foreach (var batch in commands.Chunk(Batch)) named.Update(batch);
            _records = wanted;
        }
    }

    private static IEnumerable<string> Records(BindPod pod)
    {
        var own = $"{pod.Name}.{Name(DnsNamespace.Discovery)}";
        yield return $"{own} 5 IN A {pod.Address}";
        yield return Srv("discovery", DnsNamespace.Discovery, pod.Discovery, own);
        if (!pod.IsReady) yield break;
        var dashed = $"{pod.Address}".Replace('.', '-') + $".{Name(DnsNamespace.Ready)}";
        yield return $"{dashed} 5 IN A {pod.Address}";
        yield return Srv("discovery", DnsNamespace.Ready, pod.Discovery, dashed);
        yield return Srv("gateway", DnsNamespace.Ready, pod.Gateway, dashed);
    }

    private static string Srv(string port, string service, int number, string target) =>
        $"_{port}._tcp.{Name(service)} 5 IN SRV 0 1 {number} {target}";

    private static string Name(string service) => $"{service}.{DnsNamespace.Name}.svc.{Named.Zone}.";
}
