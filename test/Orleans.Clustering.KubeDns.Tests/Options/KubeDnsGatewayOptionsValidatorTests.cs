using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;
using MsOptions = Microsoft.Extensions.Options.Options;

namespace Orleans.Clustering.KubeDns.Tests.Options;

public sealed class KubeDnsGatewayOptionsValidatorTests
{
    [Fact]
    public void The_defaults_need_only_a_service_name() => Validate(new()
    {
        ServiceName = "orleans-ready.shop.svc.cluster.local.",
        NameServers = ["10.96.0.10", "[::1]:53"],
    });

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var options = new KubeDnsGatewayOptions
        {
            PortName = "",
            Namespace = "a b",
            ClusterDomain = "x_y",
            NameServers = [""],
        };

        var fault = Assert.Throws<OrleansConfigurationException>(() => Validate(options)).Message;

        Assert.All(
            ["ServiceName is not set", "PortName", "Namespace", "ClusterDomain", "NameServers"],
            expected => Assert.Contains(expected, fault));
    }

    private static void Validate(KubeDnsGatewayOptions options) =>
        new KubeDnsGatewayOptionsValidator(MsOptions.Create(options)).ValidateConfiguration();
}
