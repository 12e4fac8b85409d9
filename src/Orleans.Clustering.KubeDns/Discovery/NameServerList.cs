using System.Collections.Immutable;
using System.Net;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>Whom to ask: the configured name servers, else those that resolv.conf names at the moment.</summary>
internal sealed class NameServerList(ImmutableArray<IPEndPoint> configured, string resolvConf = "/etc/resolv.conf")
{
    private readonly WatchedFile<ResolvConf> _file = new(resolvConf, ResolvConf.Parse);

    public ImmutableArray<IPEndPoint> Read() => configured.IsEmpty ? _file.Read()?.NameServers ?? [] : configured;
}
