using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

public sealed class PodEnvironmentTests
{
    [Fact]
    public void What_the_user_left_unset_comes_from_the_pod()
    {
        using var services = Services(new("silo-7", "10.0.0.7"), before: null, after: null);

        Assert.Equal("silo-7", services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName);
        Assert.Equal(IPAddress.Parse("10.0.0.7"), Endpoints(services).AdvertisedIPAddress);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_the_user_set_earlier_or_later_stays(bool earlier)
    {
        static void Set(IServiceCollection services)
        {
            services.Configure<SiloOptions>(options => options.SiloName = "mine");
            services.Configure<EndpointOptions>(options => options.AdvertisedIPAddress = IPAddress.Loopback);
        }

        using var services = Services(
            new("silo-7", "10.0.0.7"), before: earlier ? Set : null, after: earlier ? null : Set);

        Assert.Equal("mine", services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName);
        Assert.Equal(IPAddress.Loopback, Endpoints(services).AdvertisedIPAddress);
    }

    [Fact]
    public void Outside_a_pod_nothing_is_set()
    {
        using var services = Services(new(null, ""), before: null, after: null);

        Assert.Null(services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName);
        Assert.Null(Endpoints(services).AdvertisedIPAddress);
    }

    [Fact]
    public void A_pod_address_that_is_none_is_a_configuration_error()
    {
        using var services = Services(new("silo-7", "node-1"), before: null, after: null);

        var fault = Assert.Throws<OrleansConfigurationException>(
            () => Endpoints(services));
        Assert.Contains("POD_IP is 'node-1'", fault.Message);
    }

    private static EndpointOptions Endpoints(IServiceProvider services) =>
        services.GetRequiredService<IOptions<EndpointOptions>>().Value;

    private static ServiceProvider Services(
        PodEnvironment pod, Action<IServiceCollection>? before, Action<IServiceCollection>? after)
    {
        var services = new ServiceCollection().AddSingleton(pod);
        before?.Invoke(services);
        PodEnvironment.FillIn(services);
        after?.Invoke(services);
        return services.BuildServiceProvider();
    }
}
