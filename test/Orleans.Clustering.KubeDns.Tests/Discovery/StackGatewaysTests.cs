using KubeDns.Local.Model;
using KubeDns.Local.Server;
using KubeDns.Local.Wire;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;
using ServicePort = Orleans.Clustering.KubeDns.Discovery.ServicePort;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>
/// The gateways of a client by real DNS and a clock that the test moves: "no such name" is what a real scale to zero
/// answers, and what a spurious NXDOMAIN answers, and only time and asking again tell them apart.
/// </summary>
public sealed class StackGatewaysTests : IAsyncLifetime
{
    private const string Two = "10.1.0.7:30000 10.1.0.8:30000";
    private static readonly ServicePort Ready = new(new("orleans-ready", "shop", "cluster.local"), "gateway");

    private static readonly ServiceSpec Service = new("shop", "orleans-ready") { Ports = [new("gateway", 30000)] };

    private static readonly Dictionary<string, Action<LocalCluster>> Failures = new()
    {
        ["SERVFAIL"] = cluster => cluster.Faults = new FaultSpec { Answer = FaultAnswer.ServFail },
        ["silence"] = cluster => cluster.Faults = new FaultSpec { Answer = FaultAnswer.Drop },
        ["cut off"] = cluster => cluster.Faults = new FaultSpec
        {
            Udp = TransportFault.Truncated, Tcp = TransportFault.Truncated,
        },
        ["cut off, no TCP"] = cluster => cluster.Faults = new FaultSpec
        {
            Udp = TransportFault.Truncated, Tcp = TransportFault.Closed,
        },
        ["not synchronised"] = cluster => cluster.Synchronised = false,
        ["not headless"] = cluster => cluster.AddService(
            Service with { ClusterIPs = [System.Net.IPAddress.Parse("10.96.0.1")] }),
    };

    public static TheoryData<string> EachFailure => [.. Failures.Keys];

    private readonly ManualTime _time = new();
    private WholeStack _stack = null!;
    private GatewayDiscovery _gateways = null!;

    public async Task InitializeAsync()
    {
        _stack = await WholeStack.StartAsync(new LocalDnsOptions { Cluster = new() { Services = [Service] } });
        _stack.LosePatience();
        _gateways = new GatewayDiscovery(_stack.Resolver, Ready, _time);
    }

    public async Task DisposeAsync() => await _stack.DisposeAsync();

    [Theory]
    [MemberData(nameof(EachFailure))]
    public async Task No_failure_ever_empties_the_list(string failure)
    {
        Publish();
        Assert.Equal(Two, await ListAsync());

        Failures[failure](_stack.Cluster);
        foreach (var minutes in new[] { 0, 1, 60 })
        {
            _time.Advance(TimeSpan.FromMinutes(minutes));
            Assert.Equal(Two, await ListAsync());
        }
    }

    [Theory]
    [MemberData(nameof(EachFailure))]
    public async Task A_failure_before_any_answer_is_no_empty_list(string failure)
    {
        Publish();
        Failures[failure](_stack.Cluster);

        var view = await _gateways.LookUpAsync(default);

        Assert.False(view.EverAnswered);
        Assert.NotEqual("", view.Diagnosis?.Message ?? view.Detail);
    }

    [Fact]
    public async Task Scaled_to_zero_the_list_ends_after_every_negative_cache_and_a_new_silo_is_seen_at_once()
    {
        Publish();
        Assert.Equal(Two, await ListAsync());
        _stack.Cluster.RemovePod("shop", "silo-7");
        _stack.Cluster.RemovePod("shop", "silo-8");

        Assert.Equal(Two, await ListAsync());
        _time.Advance(GatewayDiscovery.EmptyAfter - TimeSpan.FromSeconds(0.1));
        Assert.Equal(Two, await ListAsync());
        _time.Advance(0.1);
        Assert.Equal("", await ListAsync());

        Add(9);
        Assert.Equal("10.1.0.9:30000", await ListAsync());
    }

    [Fact]
    public async Task A_failure_in_between_starts_the_count_again()
    {
        Publish();
        Assert.Equal(Two, await ListAsync());
        foreach (var answer in new[] { FaultAnswer.NxDomain, FaultAnswer.ServFail, FaultAnswer.NxDomain })
        {
            _stack.Cluster.Faults = new FaultSpec { Answer = answer };
            Assert.Equal(Two, await ListAsync());
            _time.Advance(GatewayDiscovery.EmptyAfter);
        }
    }

    // An Orleans client looks once a minute: two of its looks are no proof, even though 30 s lie between them.
    [Fact]
    public async Task Two_spurious_NXDOMAINs_a_minute_apart_do_not_empty_the_list()
    {
        Publish();
        Assert.Equal(Two, await ListAsync());

        _stack.AnswerOnce(FaultAnswer.NxDomain, "orleans-ready");
        Assert.Equal(Two, await ListAsync());
        _time.Advance(60);
        _stack.AnswerOnce(FaultAnswer.NxDomain, "orleans-ready");

        Assert.Equal(Two, await ListAsync());
        Assert.Equal(2, _stack.Queries.Count(query => query.Code == ResponseCode.NxDomain));
    }

    [Fact]
    public async Task A_client_that_starts_before_any_silo_has_an_empty_list_that_was_answered()
    {
        var view = await _gateways.LookUpAsync(default);

        Assert.Equal((DnsOutcome.NxDomain, true), (view.Outcome, view.EverAnswered));
        Assert.Empty(view.Gateways);
        Publish();
        Assert.Equal(Two, await ListAsync());
    }

    private void Publish()
    {
        Add(7);
        Add(8);
    }

    private void Add(int n) => _stack.Cluster.AddPod(
        WholeStack.Pod($"silo-{n}", $"10.1.0.{n}") with { Services = ["orleans-ready"] });

    private async Task<string> ListAsync() =>
        string.Join(' ', (await _gateways.LookUpAsync(default)).Gateways.Select(gateway => $"{gateway}"));
}
