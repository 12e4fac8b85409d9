using Orleans.Clustering.KubeDns.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

public sealed class ServiceNameTests
{
    private static readonly ResolvConf Pod = ResolvConf.Parse("search shop.svc.cluster.local svc.cluster.local");
    private static readonly ResolvConf Laptop = ResolvConf.Parse("nameserver 10.0.0.1\nsearch home.example");

    [Theory]
    [InlineData("orleans", null, null, "orleans.shop.svc.cluster.local")]
    [InlineData("Orleans.", null, null, "orleans.shop.svc.cluster.local")]
    [InlineData("orleans", "other", null, "orleans.other.svc.cluster.local")]
    [InlineData("orleans", null, "Zone.Test.", "orleans.shop.svc.zone.test")]
    [InlineData("orleans.other", null, null, "orleans.other.svc.cluster.local")]
    [InlineData("orleans.other.svc", null, null, "orleans.other.svc.cluster.local")]
    [InlineData("orleans.other.svc.zone.test.", null, null, "orleans.other.svc.zone.test")]
    [InlineData("orleans.other.svc.zone.test", "other", "zone.test", "orleans.other.svc.zone.test")]
    public void In_a_pod_what_is_not_configured_comes_from_resolv_conf(
        string name, string? ns, string? domain, string expected)
    {
        var service = ServiceName.Derive(Settings(name, ns, domain), Pod, "unused");

        Assert.Equal(expected, service.Fqdn);
    }

    [Fact]
    public void Without_a_search_entry_the_service_account_tells_the_namespace() =>
        Assert.Equal(
            "orleans.shop.svc.cluster.local", ServiceName.Derive(Settings("orleans"), Laptop, "shop").Fqdn);

    [Fact]
    public void A_full_name_needs_no_file() =>
        Assert.Equal("a.b.svc.c.d", ServiceName.Derive(Settings("a.b.svc.c.d"), null, null).Fqdn);

    [Fact]
    public void The_question_is_absolute_and_in_lower_case() =>
        Assert.Equal(
            "_gateway._tcp.orleans.shop.svc.cluster.local.", new ServicePort(Given.Name, "Gateway").SrvName);

    [Theory]
    [InlineData("orleans", null, null, "Namespace is not set")]
    [InlineData("orleans", "shop", null, "ClusterDomain is not set")]
    [InlineData("orleans.shop.example.com", null, null, "not of the form")]
    [InlineData("orle ans", null, null, "not a DNS name")]
    [InlineData("", null, null, "not a DNS name")]
    [InlineData("orleans", "my space", "cluster.local", "not a DNS name")]
    [InlineData("orleans.shop", "other", null, "Namespace says \"other\"")]
    [InlineData("a.b.svc.c.d", null, "e.f", "ClusterDomain says \"e.f\"")]
    public void What_cannot_be_told_or_contradicts_is_KDNS312(string name, string? ns, string? domain, string seen)
    {
        var fault = Assert.Throws<DiscoveryException>(
            () => ServiceName.Derive(Settings(name, ns, domain), Laptop, null));

        Assert.Equal("KDNS312", fault.Error.Code);
        Assert.Contains(seen, fault.Message);
    }

    [Fact]
    public void Missing_files_are_no_crash()
    {
        var nowhere = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var settings = Settings("orleans") with { ResolvConf = nowhere, NamespaceFile = nowhere };

        Assert.Equal("KDNS312", Assert.Throws<DiscoveryException>(() => ServiceName.Find(settings)).Error.Code);
    }

    private static ServiceNameSettings Settings(string name, string? ns = null, string? domain = null) =>
        new(name) { Namespace = ns, ClusterDomain = domain };
}
