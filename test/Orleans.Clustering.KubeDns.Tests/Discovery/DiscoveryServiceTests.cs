using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

public sealed class DiscoveryServiceTests
{
    private const string Us = "silo-7:11112=10.1.0.7";
    private const string Other = "silo-1:11112=10.1.0.1";

    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_whole_answer_becomes_a_complete_view()
    {
        var resolver = new ScriptedResolver(Given.Records(Us, "Silo-1:11112=fd00::1,10.1.0.1", Us));
        var service = Service(resolver);

        var view = await service.LookUpAsync(default);

        Assert.True(view.IsComplete);
        Assert.True(view.Self.IsListed);
        Assert.Null(view.Diagnosis);
        Assert.Equal(
            [$"silo-1.{Given.Zone}=10.1.0.1:11112", $"silo-1.{Given.Zone}=[fd00::1]:11112",
             $"silo-7.{Given.Zone}=10.1.0.7:11112"],
            view.Peers.Select(p => p.ToString()));
        Assert.Equal(["_discovery._tcp.orleans.shop.svc.cluster.local."], resolver.Questions);
    }

    [Fact]
    public async Task The_time_of_asking_is_before_the_question()
    {
        var before = _time.GetTimestamp();
        var resolver = new ScriptedResolver(Given.Records(Us)) { During = _ => Move(3) };

        var view = await Service(resolver).LookUpAsync(default);

        Assert.Equal(before, view.AskedAt);
        Assert.Equal(3, _time.GetElapsedTime(view.AskedAt).TotalSeconds);
    }

    [Theory]
    [InlineData(DnsOutcome.ServFail)]
    [InlineData(DnsOutcome.TimedOut)]
    [InlineData(DnsOutcome.Malformed)]
    [InlineData(DnsOutcome.Incomplete)]
    internal async Task A_failure_is_a_view_that_proves_nothing(DnsOutcome outcome)
    {
        var service = Service(new ScriptedResolver(Given.Records(Us), Given.Failed(outcome)));
        await service.LookUpAsync(default);

        var view = await service.LookUpAsync(default);

        Assert.False(view.IsComplete);
        Assert.Empty(view.Peers);
        Assert.Equal((null, $"said {outcome}"), (view.Diagnosis, view.Detail));
    }

    [Fact]
    public async Task A_service_that_seems_empty_is_asked_again_before_it_is_believed()
    {
        var resolver = new ScriptedResolver(
            Given.Records(Us), Given.Failed(DnsOutcome.NxDomain), Given.Records(Us, Other));
        var service = Service(resolver);
        await service.LookUpAsync(default);

        var view = await service.LookUpAsync(default);

        Assert.Equal(2, view.Peers.Length);
        Assert.Equal(3, resolver.Asked);
    }

    [Fact]
    public async Task An_empty_service_is_believed_once_and_costs_one_question_after_that()
    {
        var resolver = new ScriptedResolver(Given.Records(Us), Given.Failed(DnsOutcome.NxDomain));
        var service = Service(resolver);
        await service.LookUpAsync(default);

        Assert.Equal(DnsOutcome.NxDomain, (await service.LookUpAsync(default)).Outcome);
        Assert.Equal(3, resolver.Asked);
        await service.LookUpAsync(default);
        Assert.Equal(4, resolver.Asked);
    }

    [Fact]
    public async Task A_service_that_was_never_seen_is_asked_once()
    {
        var resolver = new ScriptedResolver(Given.Failed(DnsOutcome.NxDomain));

        var view = await Service(resolver).LookUpAsync(default);

        Assert.Equal("KDNS301", view.Diagnosis?.Code);
        Assert.Equal(1, resolver.Asked);
    }

    [Fact]
    public async Task The_address_of_a_service_that_is_not_headless_is_no_peer()
    {
        var view = await Service(new ScriptedResolver(Given.Records($"{Given.Zone}:11112=10.96.0.1")))
            .LookUpAsync(default);

        Assert.False(view.IsComplete);
        Assert.Empty(view.Peers);
        Assert.Equal("KDNS302", view.Diagnosis?.Code);
    }

    [Fact]
    public async Task A_diagnosis_tells_since_when_and_failures_do_not_end_it()
    {
        var service = Service(new ScriptedResolver(
            Given.Records(Other), Given.Failed(DnsOutcome.ServFail), Given.Records(Other),
            Given.Records(Us), Given.Records(Other)));
        List<double?> lasting = [];
        for (var i = 0; i < 5; i++)
        {
            lasting.Add((await service.LookUpAsync(default)).Diagnosis?.Lasting?.TotalSeconds);
            _time.Advance(5);
        }

        Assert.Equal([0, null, 10, null, 0], lasting);
    }

    [Fact]
    public async Task A_resolver_that_never_ends_is_cut_off()
    {
        var resolver = new ScriptedResolver(Given.Records(Us)) { During = token => Task.Delay(-1, token) };
        var looking = Service(resolver).LookUpAsync(default);
        var limit = await _time.Armed.ReadAsync();

        _time.Advance(limit);

        Assert.Equal(DnsOutcome.TimedOut, (await looking).Outcome);
    }

    [Fact]
    public async Task Only_the_callers_own_cancellation_is_thrown()
    {
        using var source = new CancellationTokenSource();
        var resolver = new ScriptedResolver(Given.Records(Us)) { During = token => Task.Delay(-1, token) };
        var looking = Service(resolver).LookUpAsync(source.Token);

        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
    }

    private Task Move(double seconds)
    {
        _time.Advance(seconds);
        return Task.CompletedTask;
    }

    private DiscoveryService Service(ISrvResolver resolver) =>
        new(resolver, new DiscoverySettings(Given.Port, Given.Self), _time);
}
