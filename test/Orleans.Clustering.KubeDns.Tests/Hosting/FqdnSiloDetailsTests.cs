using System.Net;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

public sealed class FqdnSiloDetailsTests
{
    [Fact]
    public void Everything_but_the_host_name_is_orleans_own()
    {
        var own = new Own();

        var details = new FqdnSiloDetails(own, () => "silo-7.orleans.shop.svc.cluster.local");

        Assert.Equal("silo-7.orleans.shop.svc.cluster.local", details.DnsHostName);
        Assert.Equal(
            (own.Name, own.ClusterId, own.SiloAddress, own.GatewayAddress),
            (details.Name, details.ClusterId, details.SiloAddress, details.GatewayAddress));
    }

    [Fact]
    public void Without_an_fqdn_the_host_name_is_orleans_own_too() =>
        Assert.Equal("silo-7", new FqdnSiloDetails(new Own(), () => null).DnsHostName);

    private sealed class Own : ILocalSiloDetails
    {
        public string Name => "name";

        public string ClusterId => "cluster";

        public string DnsHostName => "silo-7";

        public SiloAddress SiloAddress { get; } = SiloAddress.New(IPAddress.Loopback, 1, 2);

        public SiloAddress GatewayAddress { get; } = SiloAddress.New(IPAddress.Loopback, 3, 0);
    }
}
