using System.Net;
using Orleans.Clustering.KubeDns.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

public sealed class IdentityTests
{
    [Fact]
    public void The_hosts_file_tells_our_name()
    {
        var identity = Determine("10.1.0.7 Silo-7.Orleans.shop.svc.cluster.local. silo-7");

        Assert.Equal($"silo-7.{Given.Zone}", identity.Fqdn);
        Assert.Equal((Given.Address, 11112), (identity.Address, identity.Port));
    }

    [Fact]
    public void The_option_goes_before_the_hosts_file()
    {
        var settings = Given.Settings with { Fqdn = $"Silo-9.{Given.Zone}." };

        Assert.Equal($"silo-9.{Given.Zone}", Identity.Determine(settings, Given.Name, null).Fqdn);
    }

    [Fact]
    public void IPv6_lines_count_as_much()
    {
        var settings = Given.Settings with { Address = IPAddress.Parse("fd00::7") };
        var hosts = HostsFile.Parse($"fd00:0:0::7 silo-7.{Given.Zone} silo-7");

        Assert.Equal($"silo-7.{Given.Zone}", Identity.Determine(settings, Given.Name, hosts).Fqdn);
    }

    [Fact]
    public void Where_silos_share_an_address_the_pod_name_picks_the_line()
    {
        var hosts = $"10.1.0.7 localhost\n10.1.0.7 silo-1.{Given.Zone} silo-1\n10.1.0.7 silo-2.{Given.Zone} silo-2";

        Assert.Equal($"silo-2.{Given.Zone}", Determine(hosts, podName: "silo-2").Fqdn);
        Assert.Equal($"silo-1.{Given.Zone}", Determine(hosts).Fqdn);
    }

    [Theory]
    [InlineData("10.1.0.7 silo-7", null, "calls our address 10.1.0.7 \"silo-7\"")]
    [InlineData("10.1.0.8 silo-7.orleans.shop.svc.cluster.local", null, "no line for our address 10.1.0.7")]
    [InlineData("10.1.0.7 silo-7.other.shop.svc.cluster.local silo-7", null, "other.shop")]
    [InlineData("10.1.0.7 silo-7.orleans.elsewhere.svc.cluster.local", null, "elsewhere")]
    [InlineData("10.1.0.7 a.silo-7.orleans.shop.svc.cluster.local", null, "a.silo-7")]
    [InlineData("10.1.0.7 orleans.shop.svc.cluster.local", null, "not <pod>.orleans.shop.svc.cluster.local")]
    [InlineData("10.1.0.7 silo-7.orleans.shop.svc.cluster.local", "silo-8", "POD_NAME is \"silo-8\"")]
    public void A_name_that_no_record_could_show_is_KDNS316(string hosts, string? podName, string seen)
    {
        var fault = Assert.Throws<DiscoveryException>(() => Determine(hosts, podName));

        Assert.Equal("KDNS316", fault.Error.Code);
        Assert.Contains(seen, fault.Message);
    }

    [Fact]
    public void A_missing_hosts_file_is_KDNS316()
    {
        var nowhere = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var settings = Given.Settings with { HostsFile = nowhere };

        var fault = Assert.Throws<DiscoveryException>(() => Identity.Find(settings, Given.Name));

        Assert.Equal("KDNS316", fault.Error.Code);
    }

    [Fact]
    public void With_any_naming_DNS_tells_the_name_later()
    {
        var identity = Identity.Determine(
            Given.Settings with { NamedByDns = true, PodName = "x" }, Given.Name, null);

        Assert.Null(identity.Fqdn);
    }

    [Theory]
    [InlineData("10.1.0.7", "10-1-0-7")]
    [InlineData("fd00::1a", "fd00--1a")]
    [InlineData("fd00::", "fd00--0")]
    public void Until_then_it_is_called_by_its_address_as_CoreDNS_would(string address, string label)
    {
        var identity = Given.Self with { Address = IPAddress.Parse(address) };

        Assert.Equal($"{label}.{Given.Zone}", identity.NameByAddress(Given.Name));
    }

    private static Identity Determine(string hosts, string? podName = null) =>
        Identity.Determine(Given.Settings with { PodName = podName }, Given.Name, HostsFile.Parse(hosts));
}
