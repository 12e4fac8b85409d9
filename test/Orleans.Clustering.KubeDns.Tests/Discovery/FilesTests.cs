using System.Net;
using Orleans.Clustering.KubeDns.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

public sealed class FilesTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Resolv_conf_gives_servers_of_both_families_and_the_last_search_line()
    {
        var resolv = ResolvConf.Parse("""
            # a comment
            nameserver 10.96.0.10
            nameserver fd00::a   ; another
            nameserver [fd00::b]:5353
            nameserver 127.0.0.1:1053
            nameserver 10.96.0.10
            nameserver nonsense
            nameserver
            domain old.example
            search Shop.svc.Cluster.Local. svc.cluster.local cluster.local
            options ndots:5
            """);

        Assert.Equal(
            ["10.96.0.10:53", "[fd00::a]:53", "[fd00::b]:5353", "127.0.0.1:1053"],
            resolv.NameServers.Select(s => s.ToString()));
        Assert.Equal("shop.svc.cluster.local svc.cluster.local cluster.local", string.Join(' ', resolv.Search));
        Assert.Equal(("shop", "cluster.local"), resolv.KubernetesSuffix);
    }

    [Theory]
    [InlineData("search example.com shop.svc.zone.test", "shop/zone.test")]
    [InlineData("search shop.svc.a.b.c", "shop/a.b.c")]
    [InlineData("search svc.cluster.local cluster.local", null)]
    [InlineData("", null)]
    public void The_suffix_is_the_first_search_entry_of_its_form(string text, string? expected)
    {
        var suffix = ResolvConf.Parse(text).KubernetesSuffix;
        Assert.Equal(expected, suffix is { } found ? $"{found.Namespace}/{found.Zone}" : null);
    }

    [Fact]
    public void Hosts_file_gives_the_first_name_of_each_line_for_our_address()
    {
        var hosts = HostsFile.Parse("""
            # Kubernetes-managed hosts file.
            127.0.0.1	localhost
            ::1	localhost ip6-localhost ip6-loopback
            10.1.0.7	Silo-7.orleans.shop.svc.cluster.local.	silo-7 # ours
            fd00::7	silo-7.orleans.shop.svc.cluster.local	silo-7
            10.1.0.7
            nonsense here
            """);

        foreach (var address in new[] { "10.1.0.7", "::ffff:10.1.0.7", "fd00:0::7" })
        {
            var name = Assert.Single(hosts.NamesOf(IPAddress.Parse(address)));
            Assert.Equal("silo-7.orleans.shop.svc.cluster.local", name);
        }

        Assert.Empty(hosts.NamesOf(IPAddress.Parse("10.1.0.8")));
    }

    [Fact]
    public void Name_servers_follow_the_file_and_outlive_it()
    {
        var list = new NameServerList([], _path);
        Assert.Empty(list.Read());

        File.WriteAllText(_path, "nameserver 10.0.0.1\n");
        Assert.Equal("10.0.0.1:53", Assert.Single(list.Read()).ToString());

        File.WriteAllText(_path, "nameserver fd00::2\n");
        Assert.Equal("[fd00::2]:53", Assert.Single(list.Read()).ToString());

        File.Delete(_path);
        Assert.Equal("[fd00::2]:53", Assert.Single(list.Read()).ToString());
        Assert.Empty(new NameServerList([], _path).Read());
    }

    [Fact]
    public void Configured_name_servers_hide_the_file()
    {
        var configured = new IPEndPoint(IPAddress.IPv6Loopback, 1053);
        File.WriteAllText(_path, "nameserver 10.0.0.1\n");

        Assert.Equal(configured, Assert.Single(new NameServerList([configured], _path).Read()));
    }
}
