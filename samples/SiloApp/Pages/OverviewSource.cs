using Orleans.Runtime;
using SiloApp.Watch;

namespace SiloApp.Pages;

/// <summary>
/// Takes overviews. However many look, DNS and the node are asked once a second at most, and never twice at a time.
/// </summary>
internal sealed class OverviewSource(Func<Task<Overview>> take, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private Task<Overview>? _latest;
    private long _takenAt;

    public Task<Overview> ReadAsync()
    {
        lock (_lock)
        {
            var isUsable = _latest is { IsCompleted: false }
                || (_latest is { IsCompletedSuccessfully: true } && time.GetElapsedTime(_takenAt) < Fresh);
            if (isUsable) return _latest!;
            _takenAt = time.GetTimestamp();
            return _latest = take();
        }
    }

    /// <summary>
    /// By the ways that anybody could go: Orleans' membership service, the node's status port, and DNS. The parts that
    /// do not answer within seconds are left open.
    /// </summary>
    public static OverviewSource Of(IServiceProvider services)
    {
        var view = services.GetRequiredService<ClusterView>();
        var where = WatchSettings.Read(services.GetRequiredService<IConfiguration>());
        var dns = where.NameServers.Length == 0 ? null : new DnsView(where.NameServers);
        var silo = new SiloReader(new HttpClient(new SocketsHttpHandler { UseProxy = false }));
        var self = services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint.Address;
        var status = $"http://{new System.Net.IPEndPoint(self, where.StatusPort)}/statusz";

        async Task<DnsReport> ListAsync(string service) => new(
            service, dns is null ? null : await dns.ReadOrNullAsync(service, where.Port, CancellationToken.None));

        return new OverviewSource(async () =>
        {
            var node = where.StatusPort == 0 ? null
                : silo.GetAsync(status, Patience, SiloReader.ReadOrNull<NodeReport>, CancellationToken.None);
            var discovery = ListAsync(where.Discovery);
            var ready = where.Ready is null ? null : ListAsync(where.Ready);
            return new Overview(
                view.Read(), node is null ? null : await node, await discovery, ready is null ? null : await ready);
        }, TimeProvider.System);
    }
}
