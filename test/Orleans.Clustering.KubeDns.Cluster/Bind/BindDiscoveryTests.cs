using System.Net;
using Orleans.Clustering.KubeDns.Cluster.TestingHost;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Bind;

/// <summary>
/// What silos and clients find in DNS, against BIND 9. Of more than 13 targets it sends no addresses along, so that
/// each of them is asked for.
/// </summary>
public sealed class BindDiscoveryTests
{
    private const int Port = 11112;
    private const int Gateway = 30000;

    /// <summary>More do not fit a datagram.</summary>
    private const int Many = 50;

    private static readonly ServiceName Orleans = new(DnsNamespace.Discovery, DnsNamespace.Name, Named.Zone);
    private static readonly ServiceName Ready = Orleans with { Service = DnsNamespace.Ready };

    [SkippableTheory]
    [InlineData(3)]
    [InlineData(Many)]
    [InlineData(500)]
    public async Task All_pods_are_found_with_their_names_and_the_ready_ones_as_gateways(int count)
    {
        await using var named = await Named.StartAsync();
        var dns = new BindNamespace(named, named.EndPoint);
        var pods = Enumerable.Range(0, count).Select(Pod).ToList();
        dns.AddPods(pods);
        var resolver = Resolver(named.EndPoint);

        var answer = await resolver.ResolveAsync(new ServicePort(Orleans, "discovery").SrvName, default);
        var view = await Discovery(resolver).LookUpAsync(default);
        var gateways = await new GatewayDiscovery(
            resolver, new ServicePort(Ready, "gateway"), TimeProvider.System).LookUpAsync(default);

        Assert.Equal((DnsOutcome.Records, count >= Many), (answer.Outcome, answer.ViaTcp));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(5)), (answer.MinTtl, answer.MaxTtl));
        Assert.True(view is { IsComplete: true, Self.IsListed: true }, view.Detail);
        Assert.Equal(pods.Select(Listed).Order(), view.Peers.Select(peer => $"{peer}").Order());
        Assert.Equal(
            pods.Where(pod => pod.IsReady).Select(pod => $"{pod.Address}:{Gateway}").Order(),
            gateways.Gateways.Select(gateway => $"{gateway}").Order());
    }

    [SkippableFact]
    public async Task Pods_that_come_and_go_are_seen_at_once_and_the_last_ones_end_is_no_such_name()
    {
        await using var named = await Named.StartAsync();
        var dns = new BindNamespace(named, named.EndPoint);
        var discovery = Discovery(Resolver(named.EndPoint));
        Assert.Equal(DnsOutcome.NxDomain, (await discovery.LookUpAsync(default)).Outcome);

        foreach (var step in (int[][])[[0], [0, 1, 2], [0, 2], [0, 2, 3], [3]])
        {
            foreach (var at in Enumerable.Range(0, 4))
            {
                if (step.Contains(at)) dns.AddPods([Pod(at)]);
                else dns.RemovePod(Pod(at).Name);
            }

            var view = await discovery.LookUpAsync(default);
            Assert.Equal(step.Select(at => Listed(Pod(at))).Order(), view.Peers.Select(peer => $"{peer}").Order());
            Assert.Equal(step.Contains(0), view.Self.IsListed);
        }

        dns.RemovePod(Pod(3).Name);
        var none = await discovery.LookUpAsync(default);
        Assert.Equal((DnsOutcome.NxDomain, false), (none.Outcome, none.IsComplete));
    }

    // Of the second number each address is asked for by itself, and each of those questions waits for UDP first.
    [SkippableTheory]
    [InlineData(3)]
    [InlineData(14)]
    public async Task Where_UDP_is_lost_TCP_brings_everything(int count)
    {
        await using var named = await Named.StartAsync();
        await using var way = new Way(named.EndPoint) { PassesUdp = false };
        new BindNamespace(named, way.EndPoint).AddPods(Enumerable.Range(0, count).Select(Pod));

        var view = await Discovery(Resolver(way.EndPoint, Impatient)).LookUpAsync(default);

        Assert.True(view.IsComplete, view.Detail);
        Assert.Equal(count, view.Peers.Length);
    }

    [SkippableFact]
    public async Task Where_TCP_is_lost_few_are_found_and_of_many_it_is_said_that_they_are_not_all()
    {
        await using var named = await Named.StartAsync();
        await using var way = new Way(named.EndPoint) { PassesTcp = false };
        var dns = new BindNamespace(named, way.EndPoint);
        var discovery = Discovery(Resolver(way.EndPoint, Impatient));
        dns.AddPods(Enumerable.Range(0, 3).Select(Pod));

        Assert.Equal(3, (await discovery.LookUpAsync(default)).Peers.Length);

        dns.AddPods(Enumerable.Range(0, Many).Select(Pod));
        var view = await discovery.LookUpAsync(default);
        Assert.Equal((DnsOutcome.Incomplete, false), (view.Outcome, view.IsComplete));
        Assert.Equal("KDNS307", view.Diagnosis?.Code);

        way.PassesTcp = true;
        Assert.Equal(Many, (await discovery.LookUpAsync(default)).Peers.Length);
    }

    [SkippableFact]
    public async Task A_client_keeps_its_gateways_while_nothing_answers()
    {
        await using var named = await Named.StartAsync();
        await using var way = new Way(named.EndPoint);
        var dns = new BindNamespace(named, way.EndPoint);
        dns.AddPods(Enumerable.Range(0, 3).Select(Pod));
        var gateways = new GatewayDiscovery(
            Resolver(way.EndPoint, Impatient), new ServicePort(Ready, "gateway"), TimeProvider.System);
        var before = (await gateways.LookUpAsync(default)).Gateways;
        Assert.NotEmpty(before);

        (way.PassesUdp, way.PassesTcp) = (false, false);
        var silent = await gateways.LookUpAsync(default);
        (way.PassesUdp, way.PassesTcp) = (true, true);
        dns.SetReady(Pod(1).Name);
        var after = await gateways.LookUpAsync(default);

        Assert.Equal(DnsOutcome.TimedOut, silent.Outcome);
        Assert.Equal(before, silent.Gateways);
        Assert.Contains(new IPEndPoint(Pod(1).Address, Gateway), after.Gateways);
    }

    /// <summary>Where silence is the point.</summary>
    private static readonly TimeSpan Impatient = TimeSpan.FromSeconds(1);

    // A busy machine is no loss, so the others wait.
    private static DnsSrvResolver Resolver(IPEndPoint server, TimeSpan? patience = null) => new(new DnsSettings
    {
        NameServers = () => [server],
        TryTimeout = patience ?? TimeSpan.FromSeconds(15),
        TotalTimeout = TimeSpan.FromSeconds(60),
    });

    private static DiscoveryService Discovery(DnsSrvResolver resolver) => new(
        resolver,
        new DiscoverySettings(
            new ServicePort(Orleans, "discovery"),
            new Identity(Pod(0).Address, Port) { Fqdn = $"{Pod(0).Name}.{Orleans.Fqdn}" })
        {
            LookUpLimit = TimeSpan.FromSeconds(90),
        }, TimeProvider.System);

    /// <summary>Every second one is ready.</summary>
    private static BindPod Pod(int at) =>
        new($"silo-{at}", new IPAddress([10, 244, (byte)(at / 250), (byte)((at % 250) + 1)]), Port, Gateway)
        {
            IsReady = at % 2 == 0,
        };

    private static string Listed(BindPod pod) => $"{pod.Name}.{Orleans.Fqdn}={pod.Address}:{pod.Discovery}";
}
