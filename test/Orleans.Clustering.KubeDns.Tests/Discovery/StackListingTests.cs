using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Discovery;
using Xunit;
using ServicePort = Orleans.Clustering.KubeDns.Discovery.ServicePort;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>
/// The table of who is listed, and for how long. The delay is the cluster's: what it takes until kubelet, controller
/// and CoreDNS have passed a change on; here a clock of our own passes it.
/// </summary>
public sealed class StackListingTests
{
    private static readonly ServicePort Ready = new(new("orleans-ready", "shop", "cluster.local"), "discovery");

    private static readonly Dictionary<string, Action<LocalCluster>> Events = new()
    {
        ["has no IP yet"] = Change(pod => pod with { Addresses = [] }),
        ["starts"] = Change(pod => pod with { Ready = false }),
        ["is ready"] = Change(pod => pod),
        ["is deleted"] = Change(pod => pod with { Terminating = true }),
        ["object is gone"] = cluster => cluster.RemovePod("shop", "silo-7"),
        ["container crashes"] = Change(pod => pod with { Ready = false }),
        ["node is lost"] = Change(pod => pod with { Ready = false }),
    };

    [Theory]

    // | pod starts | once ready | as soon as it has an IP |
    [InlineData("has no IP yet", 0, false, false)]
    [InlineData("starts", 0, false, true)]
    [InlineData("is ready", 0, true, true)]

    // | pod deleted | about 1 s | when the pod object is gone |
    [InlineData("is deleted", 1, false, true)]
    [InlineData("object is gone", 1, false, false)]

    // | container crashes | 1–3 s | stays |
    [InlineData("container crashes", 3, false, true)]

    // | node lost | 40–50 s + 5 s | stays, possibly for ever |
    [InlineData("node is lost", 55, false, true)]
    public async Task After_the_event_and_its_delay_each_service_lists_the_pod_or_not(
        string what, int seconds, bool readyOnly, bool publishNotReady)
    {
        var time = new ManualTime();
        foreach (var tcp in new[] { false, true })
        {
            await using var stack = await StartAsync(time, tcp);
            stack.Cluster.Faults = stack.Cluster.Faults with { PublicationDelayMs = seconds * 1000 };
            Events[what](stack.Cluster);

            time.Advance(seconds - 0.001);
            if (seconds > 0) Assert.Equal((true, true), await ListedAsync(stack));
            time.Advance(0.001);
            Assert.Equal((readyOnly, publishNotReady), await ListedAsync(stack));
            time.Advance(TimeSpan.FromDays(1));
            Assert.Equal((readyOnly, publishNotReady), await ListedAsync(stack));
        }
    }

    // Pod IPs are reused by other pods; StatefulSet names are reused with new IPs.
    [Fact]
    public async Task An_address_may_be_another_pods_and_a_name_may_be_at_another_address()
    {
        await using var stack = await WholeStack.StartAsync(WholeStack.Pod("silo-7", "10.1.0.7"));
        var silo = stack.Silo(WholeStack.Self("10.1.0.7", "silo-7"));
        Assert.Equal("Records Listed: silo-7=10.1.0.7", (await silo.LookUpAsync(default)).Show());

        stack.Cluster.RemovePod("shop", "silo-7");
        stack.Cluster.AddPod(WholeStack.Pod("silo-9", "10.1.0.7"));
        Assert.Equal("Records ListedUnderOtherName: silo-9=10.1.0.7", (await silo.LookUpAsync(default)).Show());

        stack.Cluster.RemovePod("shop", "silo-9");
        stack.Cluster.AddPod(WholeStack.Pod("silo-7", "10.1.0.17"));
        Assert.Equal("Records NotYetListed: silo-7=10.1.0.17", (await silo.LookUpAsync(default)).Show());
    }

    private static async Task<(bool ReadyOnly, bool PublishNotReady)> ListedAsync(WholeStack stack)
    {
        var us = WholeStack.Self("10.1.0.7", "silo-7");
        var ready = await stack.LookUpAsync(us, Ready);
        var all = await stack.LookUpAsync(us);
        Assert.All([ready, all], view => Assert.Contains("=10.1.0.8", view.Show()));
        return (Lists(ready), Lists(all));
    }

    // Its name in the service that does not govern it is its address.
    private static bool Lists(PeerView view) => view.Peers.Any(peer => $"{peer.Address}" == "10.1.0.7");

    private static Action<LocalCluster> Change(Func<PodSpec, PodSpec> change) =>
        cluster => cluster.UpdatePod("shop", "silo-7", change);

    private static Task<WholeStack> StartAsync(TimeProvider time, bool tcp) =>
        WholeStack.StartAsync(new LocalDnsOptions
        {
            Time = time,
            Cluster = new()
            {
                Services =
                [
                    WholeStack.Orleans,
                    WholeStack.Orleans with { Name = "orleans-ready", PublishNotReadyAddresses = false },
                ],
                Pods =
                [
                    .. from n in new[] { 7, 8 }
                       select WholeStack.Pod($"silo-{n}", $"10.1.0.{n}") with
                       {
                           Services = ["orleans", "orleans-ready"],
                       },
                ],
            },
        }, tcp);
}
