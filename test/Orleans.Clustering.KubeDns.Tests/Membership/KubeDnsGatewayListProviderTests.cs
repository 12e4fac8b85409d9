using System.Net;
using System.Net.Sockets;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public sealed class KubeDnsGatewayListProviderTests
{
    private readonly Source _source = new();
    private readonly IGatewayListProvider _provider;

    public KubeDnsGatewayListProviderTests() => _provider = new KubeDnsGatewayListProvider(
        () => _source, MsOptions.Create(new GatewayOptions { GatewayListRefreshPeriod = TimeSpan.FromSeconds(17) }));

    [Fact]
    public async Task Gateways_are_uris_of_ip_literals_with_generation_zero()
    {
        _source.Answer = () => GatewayAnswer.Of(
            [IPEndPoint.Parse("10.0.0.1:30000"), IPEndPoint.Parse("[2001:db8::1]:30001")]);

        await _provider.InitializeGatewayListProviderAsync(default);
        var gateways = await _provider.GetGatewaysAsync(default);

        Assert.Equal(
            ["gwy.tcp://10.0.0.1:30000/0", "gwy.tcp://[2001:db8::1]:30001/0"],
            gateways.Select(uri => uri.ToString()));
        Assert.Equal(gateways, await _provider.GetGateways());
    }

    [Fact]
    public async Task Who_was_never_answered_gets_an_exception_that_a_starting_client_retries()
    {
        _source.Answer = () => GatewayAnswer.None("KDNS301: no such service.");

        var start = await Assert.ThrowsAsync<SiloUnavailableException>(() => _provider.InitializeGatewayListProvider());
        await Assert.ThrowsAsync<SiloUnavailableException>(() => _provider.GetGateways());

        Assert.Equal("KDNS301: no such service.", start.Message);
    }

    [Fact]
    public async Task A_sockets_exception_which_would_end_a_starting_client_is_wrapped()
    {
        _source.Answer = () => throw new SocketException((int)SocketError.HostNotFound);

        var fault = await Assert.ThrowsAsync<SiloUnavailableException>(() => _provider.InitializeGatewayListProvider());

        Assert.IsType<SocketException>(fault.InnerException);
    }

    [Fact]
    public async Task An_empty_list_that_was_answered_is_passed_on()
    {
        _source.Answer = () => GatewayAnswer.Of([]);

        Assert.Empty(await _provider.GetGateways());
    }

    [Fact]
    public async Task A_callers_cancellation_stays_one()
    {
        _source.Answer = () => throw new OperationCanceledException();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _provider.GetGatewaysAsync(new CancellationToken(canceled: true)));
    }

    [Fact]
    public void The_list_is_refreshed_as_often_as_the_clients_options_say() =>
        Assert.Equal(TimeSpan.FromSeconds(17), _provider.MaxStaleness);

    private sealed class Source : IGatewaySource
    {
        public Func<GatewayAnswer> Answer { get; set; } = () => GatewayAnswer.Of([]);

        public Task<GatewayAnswer> LookUpAsync(CancellationToken cancellationToken) => Task.FromResult(Answer());
    }
}
