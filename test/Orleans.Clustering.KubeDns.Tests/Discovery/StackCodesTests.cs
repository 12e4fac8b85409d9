using KubeDns.Local.Model;
using KubeDns.Local.Server;
using KubeDns.Local.Wire;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;
using ServiceName = Orleans.Clustering.KubeDns.Discovery.ServiceName;
using ServicePort = Orleans.Clustering.KubeDns.Discovery.ServicePort;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>The table of codes, each situation made in the cluster and looked at through all layers.</summary>
public sealed class StackCodesTests
{
    private const string Both = "silo-7=10.1.0.7 silo-8=10.1.0.8";

    private static readonly Identity Us = WholeStack.Self("10.1.0.7", "silo-7");

    private static readonly Dictionary<string, Action<LocalCluster>> Situations = new()
    {
        ["sound"] = _ => { },
        ["no ready endpoint"] = cluster =>
        {
            cluster.AddService(WholeStack.Orleans with { PublishNotReadyAddresses = false });
            cluster.SetReady("shop", "silo-7", false);
            cluster.SetReady("shop", "silo-8", false);
        },
        ["wrong port"] = cluster => cluster.AddService(WholeStack.Orleans with { Ports = [new("other", 11112)] }),
        ["unnamed port"] = cluster => cluster.AddService(WholeStack.Orleans with { Ports = [new("", 11112)] }),
        ["missing service"] = cluster => cluster.RemoveService("shop", "orleans"),
        ["not synchronised"] = cluster => cluster.Synchronised = false,
        ["API server unreachable"] = cluster =>
        {
            cluster.Faults = cluster.Faults with { PublicationDelayMs = -1 };
            cluster.RemovePod("shop", "silo-8");
            cluster.AddPod(WholeStack.Pod("silo-9", "10.1.0.9"));
        },
        ["not headless"] = cluster => cluster.AddService(
            WholeStack.Orleans with { ClusterIPs = [System.Net.IPAddress.Parse("10.96.0.1")] }),
    };

    [Theory]
    [InlineData("sound", "Records Listed: " + Both)]

    // | no ready endpoint, wrong or unnamed port, missing service or namespace | NXDOMAIN + SOA |
    [InlineData("no ready endpoint", "NxDomain NoService:")]
    [InlineData("wrong port", "NxDomain NoService:")]
    [InlineData("unnamed port", "NxDomain NoService:")]
    [InlineData("missing service", "NxDomain NoService:")]
    [InlineData("sound", "NxDomain NoService:", "nowhere")]

    // | CoreDNS not yet synchronised | SERVFAIL |
    [InlineData("not synchronised", "ServFail Unknown:")]

    // | API server unreachable | old answers go on |
    [InlineData("API server unreachable", "Records Listed: " + Both)]

    // | not headless | one SRV whose target is the service itself |
    [InlineData("not headless", "Records NotHeadless:")]
    public async Task Each_situation_has_its_view(string situation, string expected, string ns = "shop")
    {
        foreach (var tcp in new[] { false, true })
        {
            await using var stack = await StartAsync(tcp);
            Situations[situation](stack.Cluster);

            var view = await stack.LookUpAsync(
                Us, new ServicePort(new ServiceName("orleans", ns, "cluster.local"), "discovery"));

            Assert.Equal(expected, view.Show());
            Assert.Equal(!view.Peers.IsEmpty, view.IsComplete);
        }
    }

    // | existing name, no record of that type | NOERROR, no answer (NODATA) + SOA |
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_name_without_SRV_record_is_NODATA(bool tcp)
    {
        await using var stack = await StartAsync(tcp);

        var answer = await stack.Resolver.ResolveAsync("shop.svc.cluster.local.", default);

        Assert.Equal((DnsOutcome.NoData, tcp), (answer.Outcome, answer.ViaTcp));
    }

    // Spurious NXDOMAIN for live pods is an open CoreDNS bug at scale.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_spurious_NXDOMAIN_is_not_noticed(bool tcp)
    {
        await using var stack = await WholeStack.StartAsync(Options(), tcp);
        var silo = stack.Silo(Us);
        await silo.LookUpAsync(default);

        stack.AnswerOnce(FaultAnswer.NxDomain);
        var view = await silo.LookUpAsync(default);

        Assert.Contains(stack.Queries, query => query.Code == ResponseCode.NxDomain);
        Assert.Equal("Records Listed: " + Both, view.Show());
    }

    // TTL 5 by default, 30 with kubeadm; AKS LocalDNS may serve an answer an hour old, marked by TTL 0.
    [Theory]
    [InlineData(5, 6)]
    [InlineData(30, 30)]
    [InlineData(0, 30)]
    public async Task The_TTL_tells_how_old_an_answer_may_be(int ttl, double staleness)
    {
        foreach (var tcp in new[] { false, true })
        {
            await using var stack = await WholeStack.StartAsync(Options() with { Ttl = ttl }, tcp);
            var time = new ManualTime();
            var silo = stack.Silo(Us, time: time);
            for (var i = 0; i <= 40; i++)
            {
                var view = await silo.LookUpAsync(default);
                Assert.Equal((ttl == 0, ttl), (view.SawZeroTtl, view.MaxTtl.TotalSeconds));
                Assert.True(view.IsComplete, view.Detail);
                time.Advance(1);
            }

            Assert.Equal(staleness, silo.Staleness.TotalSeconds);
        }
    }

    [Fact]
    public async Task One_TTL_of_0_is_remembered_when_answers_are_fresh_again()
    {
        await using var stack = await StartAsync(tcp: false);
        var silo = stack.Silo(Us);

        stack.Cluster.SetServiceFaults("shop", "orleans", new FaultSpec { Ttl = 0 });
        Assert.True((await silo.LookUpAsync(default)).SawZeroTtl);
        stack.Cluster.SetServiceFaults("shop", "orleans", null);

        Assert.False((await silo.LookUpAsync(default)).SawZeroTtl);
        Assert.Equal(30, silo.Staleness.TotalSeconds);
    }

    private static LocalDnsOptions Options() => new()
    {
        Cluster = new()
        {
            Services = [WholeStack.Orleans],
            Pods = [WholeStack.Pod("silo-7", "10.1.0.7"), WholeStack.Pod("silo-8", "10.1.0.8")],
        },
    };

    private static Task<WholeStack> StartAsync(bool tcp) => WholeStack.StartAsync(Options(), tcp);
}
