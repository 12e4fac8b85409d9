using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

public sealed class GatewayDiscoveryTests
{
    private static readonly ServicePort Ready = new(new("orleans-ready", "shop", "cluster.local"), "gateway");
    private static readonly SrvAnswer Two = Given.Records("a:30000=10.1.0.1", "b:30000=fd00::2");

    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_list_is_what_the_ready_service_lists()
    {
        var resolver = new ScriptedResolver(Two);

        var view = await new GatewayDiscovery(resolver, Ready, _time).LookUpAsync(default);

        Assert.Equal(["10.1.0.1:30000", "[fd00::2]:30000"], view.Gateways.Select(g => g.ToString()));
        Assert.True(view.EverAnswered);
        Assert.Equal(["_gateway._tcp.orleans-ready.shop.svc.cluster.local."], resolver.Questions);
    }

    [Fact]
    public async Task A_failure_keeps_the_list()
    {
        var views = await LookUpAsync(Two, Given.Failed(DnsOutcome.TimedOut), Given.Failed(DnsOutcome.ServFail));

        Assert.All(views, view => Assert.Equal(2, view.Gateways.Length));
        Assert.Equal("said ServFail", views[2].Detail);
    }

    [Fact]
    public async Task Without_any_answer_an_empty_list_is_a_failure_and_with_NXDOMAIN_it_is_an_answer()
    {
        var views = await LookUpAsync(Given.Failed(DnsOutcome.TimedOut), Given.Failed(DnsOutcome.NxDomain));

        Assert.Equal((false, true), (views[0].EverAnswered, views[1].EverAnswered));
        Assert.All(views, view => Assert.Empty(view.Gateways));
        Assert.Equal("KDNS301", views[1].Diagnosis?.Code);
    }

    [Fact]
    public async Task NXDOMAIN_empties_the_list_once_it_outlasts_every_negative_cache()
    {
        var gone = Given.Failed(DnsOutcome.NxDomain);
        var discovery = new GatewayDiscovery(new ScriptedResolver(Two, gone), Ready, _time);
        await discovery.LookUpAsync(default);

        Assert.Equal(2, (await discovery.LookUpAsync(default)).Gateways.Length);
        _time.Advance(29);
        Assert.Equal(2, (await discovery.LookUpAsync(default)).Gateways.Length);
        _time.Advance(1);
        Assert.Empty((await discovery.LookUpAsync(default)).Gateways);
    }

    [Fact]
    public async Task An_answer_in_between_starts_the_count_again()
    {
        var gone = Given.Failed(DnsOutcome.NxDomain);
        var discovery = new GatewayDiscovery(new ScriptedResolver(Two, gone, Two, gone), Ready, _time);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(2, (await discovery.LookUpAsync(default)).Gateways.Length);
            _time.Advance(20);
        }
    }

    [Fact]
    public async Task An_answer_that_is_not_whole_adds_and_removes_nothing()
    {
        var partial = Given.Records("c:30000=10.1.0.3") with { Outcome = DnsOutcome.Incomplete };

        var views = await LookUpAsync(Two, partial, Two);

        Assert.Equal([2, 3, 2], views.Select(view => view.Gateways.Length));
    }

    [Fact]
    public async Task A_service_that_is_not_headless_gives_no_gateways_and_says_so()
    {
        var views = await LookUpAsync(Given.Records($"{Ready.Service.Fqdn}:30000=10.96.0.1"));

        Assert.Empty(views[0].Gateways);
        Assert.False(views[0].EverAnswered);
        Assert.Equal("KDNS302", views[0].Diagnosis?.Code);
    }

    private async Task<List<GatewayView>> LookUpAsync(params SrvAnswer[] answers)
    {
        var discovery = new GatewayDiscovery(new ScriptedResolver(answers), Ready, _time);
        List<GatewayView> views = [];
        foreach (var _ in answers)
        {
            views.Add(await discovery.LookUpAsync(default));
        }

        return views;
    }
}
