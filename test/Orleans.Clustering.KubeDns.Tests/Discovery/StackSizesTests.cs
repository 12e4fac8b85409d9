using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;
using Xunit;
using Transport = KubeDns.Local.Server.Transport;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>Answers of every size and family, and what becomes of those that do not fit.</summary>
public sealed class StackSizesTests
{
    // The rows of the table of sizes; a cap of the server stands for the client that offers less than ours.
    [Theory]
    [InlineData(512, 4, "Udp")] // | UDP, no EDNS (512 B) | 4 |
    [InlineData(512, 5, "Udp Tcp")]
    [InlineData(65535, 12, "Udp")] // | EDNS 1232 | 12 |
    [InlineData(65535, 13, "Udp Tcp")]
    [InlineData(65535, 43, "Udp Tcp")] // | EDNS 4096 | 43 (fragments get lost …) |: we never offer as much
    [InlineData(65535, 590, "Udp Tcp")] // | TCP (64 KiB) | about 620 |
    public async Task So_many_pods_arrive_on_that_way(int cap, int pods, string ways)
    {
        await using var stack = await WholeStack.StartAsync(
            new LocalDnsOptions { MaximumUdpSize = cap, Cluster = LongNames.Cluster(pods) });

        var view = await stack.LookUpAsync(WholeStack.Self("10.1.0.0", LongNames.Name(0)));

        Assert.True(view.IsComplete && view.Self.IsListed, view.Show());
        Assert.Equal(
            Enumerable.Range(0, pods).Select(i => $"{LongNames.Name(i)}.{Given.Zone}={LongNames.Address(i)}:11112"),
            view.Peers.Select(peer => peer.ToString()));
        Assert.Equal(ways, string.Join(' ', stack.Queries.Select(query => query.Transport)));
    }

    // … TC is set over TCP too when even that is not enough
    [Fact]
    public async Task More_than_64_KiB_prove_nothing()
    {
        await using var stack = await WholeStack.StartAsync(new LocalDnsOptions { Cluster = LongNames.Cluster(640) });

        ProvesNothing(await stack.LookUpAsync(WholeStack.Self("10.1.0.0", LongNames.Name(0))));
    }

    [Theory]
    [InlineData(Families.IPv4, true)]
    [InlineData(Families.IPv6, true)]
    [InlineData(Families.DualStack, true)]
    [InlineData(Families.IPv4, false)]
    [InlineData(Families.IPv6, false)]
    [InlineData(Families.DualStack, false)]
    internal async Task Every_pod_of_either_family_is_a_peer(Families families, bool hostname)
    {
        foreach (var pods in new[] { 1, 3, 50, 500 })
        {
            await using var stack = await StartAsync(families, hostname, pods);
            var v4 = families != Families.IPv6;

            var view = await stack.LookUpAsync(
                WholeStack.Self(v4 ? "10.1.0.0" : "fd00::1:0", hostname ? "silo-0" : null));

            // Dual stack without hostname: two SRVs per pod, which for 500 pods are more than a message holds.
            if (families == Families.DualStack && !hostname && pods == 500)
            {
                ProvesNothing(view);
                continue;
            }

            Assert.True(view.IsComplete && view.Self.IsListed, $"{pods}: {view.Outcome} {view.Self} {view.Detail}");
            Assert.Equal(Listed(families, hostname, pods).Order(), view.Peers.Select(peer => $"{peer}").Order());
        }
    }

    // TC can be set although every SRV is there and only glue was dropped.
    [Theory]
    [InlineData(5)]
    [InlineData(13)]
    public async Task What_does_not_fit_into_UDP_proves_nothing_without_TCP(int pods)
    {
        foreach (var fault in new[] { TransportFault.Closed, TransportFault.Silent, TransportFault.Truncated })
        {
            await using var stack = await WholeStack.StartAsync(
                new LocalDnsOptions { MaximumUdpSize = 512, Cluster = LongNames.Cluster(pods) });
            stack.LosePatience();
            var silo = stack.Silo(WholeStack.Self("10.1.0.0", LongNames.Name(0)));
            Assert.True((await silo.LookUpAsync(default)).IsComplete);

            stack.Cluster.Faults = new FaultSpec { Tcp = fault };
            ProvesNothing(await silo.LookUpAsync(default));

            stack.Cluster.Faults = FaultSpec.None;
            Assert.True((await silo.LookUpAsync(default)).IsComplete);
        }
    }

    [Fact]
    public async Task Where_UDP_is_silent_TCP_lists_everybody()
    {
        await using var stack = await WholeStack.StartAsync(new LocalDnsOptions { Cluster = LongNames.Cluster(50) });
        stack.LosePatience();
        stack.Cluster.Faults = new FaultSpec { Udp = TransportFault.Silent };

        var view = await stack.LookUpAsync(WholeStack.Self("10.1.0.0", LongNames.Name(0)));

        Assert.True(view.IsComplete, view.Detail);
        Assert.Equal(50, view.Peers.Length);
    }

    // | 3 / 2 / 200 endpoints | weight 33 / 50 / 1 |: whatever the weight, all are peers and in one order.
    [Theory]
    [InlineData(3)]
    [InlineData(2)]
    [InlineData(200)]
    public async Task Weights_of_any_size_make_no_difference(int pods)
    {
        await using var stack = await WholeStack.StartAsync(new LocalDnsOptions { Cluster = LongNames.Cluster(pods) });

        var answer = await stack.Resolver.ResolveAsync(Given.Port.SrvName, default);

        Assert.Equal(
            Enumerable.Range(0, pods).Select(LongNames.Name), answer.Targets.Select(t => t.Target.Split('.')[0]));
    }

    private static void ProvesNothing(PeerView view)
    {
        Assert.Equal((DnsOutcome.Incomplete, SelfStanding.Unknown), (view.Outcome, view.Self.Standing));
        Assert.False(view.IsComplete);
        Assert.Matches("^KDNS30[79]$", view.Diagnosis?.Code);
        Assert.Contains("/tcp", view.Detail);
    }

    private static IEnumerable<string> Listed(Families families, bool hostname, int pods) =>
        from i in Enumerable.Range(0, pods)
        from address in Addresses(i)
        where families == Families.DualStack || address.Contains(':') == (families == Families.IPv6)
        let label = hostname ? $"silo-{i}" : address.Replace('.', '-').Replace(':', '-')
        select $"{label}.{Given.Zone}={new IPEndPoint(IPAddress.Parse(address), 11112)}";

    private static string[] Addresses(int i) => [$"10.1.{i / 250}.{i % 250}", $"fd00::1:{i:x}"];

    private static Task<WholeStack> StartAsync(Families families, bool hostname, int pods) =>
        WholeStack.StartAsync(new LocalDnsOptions
        {
            Cluster = new()
            {
                Services = [WholeStack.Orleans with { Families = families }],
                Pods = [.. Enumerable.Range(0, pods).Select(i => WholeStack.Pod($"silo-{i}", Addresses(i))
                    with { Hostname = hostname ? $"silo-{i}" : null })],
            },
        });
}
