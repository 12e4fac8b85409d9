using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

public sealed class ClientHostingTests
{
    [Fact]
    public async Task The_provider_type_in_the_configuration_chooses_and_binds_it()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Orleans:Clustering:ProviderType"] = "KubeDns",
            ["Orleans:Clustering:ServiceName"] = "orleans-ready",
            ["Orleans:Clustering:Namespace"] = "shop",
        };
        using var host = Client(_ => { }, settings);

        var options = host.Services.GetRequiredService<IOptions<KubeDnsGatewayOptions>>().Value;
        var provider = host.Services.GetRequiredService<IGatewayListProvider>();

        Assert.Equal(("orleans-ready", "gateway", "shop"), (options.ServiceName, options.PortName, options.Namespace));
        Assert.IsType<KubeDnsGatewayListProvider>(provider);
        Assert.Equal("gwy.tcp://10.0.0.1:30000/0", Assert.Single(await provider.GetGateways()).ToString());
    }

    [Fact]
    public void Code_chooses_it_too()
    {
        using var host = Client(
            client => client.UseKubeDnsClustering(options => options.ServiceName = "orleans-ready"));

        Assert.IsType<KubeDnsGatewayListProvider>(host.Services.GetRequiredService<IGatewayListProvider>());
    }

    [Fact]
    public async Task Faulty_options_end_the_start_with_all_faults()
    {
        using var host = Client(client => client.UseKubeDnsClustering(options => options.PortName = ""));

        var fault = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync());

        Assert.Contains("ServiceName is not set", fault.Message);
        Assert.Contains("PortName", fault.Message);
    }

    private static IHost Client(Action<IClientBuilder> choose, IDictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        foreach (var (key, value) in settings ?? new Dictionary<string, string?>()) builder.Configuration[key] = value;
        builder.Services.AddSingleton(new NodeComposition
        {
            Node = _ => throw new NotSupportedException(),
            Fqdn = (_, _) => throw new NotSupportedException(),
            Gateways = _ => new OneGateway(),
        });
        builder.UseOrleansClient(choose);
        return builder.Build();
    }

    private sealed class OneGateway : IGatewaySource
    {
        public Task<GatewayAnswer> LookUpAsync(CancellationToken cancellationToken) =>
            Task.FromResult(GatewayAnswer.Of([IPEndPoint.Parse("10.0.0.1:30000")]));
    }
}
