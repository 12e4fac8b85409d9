using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>
/// The table of names by workload: what kubelet's line in the hosts file calls the pod, what DNS calls it, and whether
/// that matches.
/// </summary>
public sealed class StackNamesTests
{
    // 70 characters: too long for a label, so that kubelet cuts it and CoreDNS takes the address.
    private const string Long = "silo-0123456789-0123456789-0123456789-0123456789-0123456789-0123456789";
    private const string Cut = "silo-0123456789-0123456789-0123456789-0123456789-0123456789-012";

    [Theory]

    // | StatefulSet whose `serviceName` is this service | pod.svc.ns.svc.zone | the same | yes, everywhere |
    [InlineData(false, "silo-7", "silo-7", "orleans", "silo-7.orleans.shop.svc.cluster.local", "silo-7", "Listed")]
    [InlineData(true, "silo-7", "silo-7", "orleans", "silo-7.orleans.shop.svc.cluster.local", "silo-7", "Listed")]

    // | StatefulSet, another headless service | the governing service's FQDN | dashed IP | no |
    [InlineData(false, "silo-7", "silo-7", "other", "silo-7.other.shop.svc.cluster.local", "10-1-0-7", "KDNS316")]

    // | Deployment, nothing set | bare pod name | dashed IP | no |
    [InlineData(false, "silo-6f-x7", null, null, "silo-6f-x7", "10-1-0-7", "KDNS316")]

    // | Deployment with `subdomain: svc` | pod.svc.ns.svc.zone | dashed IP; pod name with `endpoint_pod_names`
    // | only with that option |
    [InlineData(false, "silo-6f-x7", null, "orleans", "silo-6f-x7.orleans.shop.svc.cluster.local", "10-1-0-7",
        "ListedUnderOtherName")]
    [InlineData(true, "silo-6f-x7", null, "orleans", "silo-6f-x7.orleans.shop.svc.cluster.local", "silo-6f-x7",
        "Listed")]

    // … by the pod name if it has fewer than 64 characters; else by the dashed IP. `hostname` is cut at 63 …
    [InlineData(true, Cut, null, "orleans", Cut + ".orleans.shop.svc.cluster.local", Cut, "Listed")]
    [InlineData(true, Long, null, "orleans", Cut + ".orleans.shop.svc.cluster.local", "10-1-0-7",
        "ListedUnderOtherName")]

    // | Deployment with `hostname` and `subdomain` | one name for all pods | one SRV, several addresses
    // | ambiguous: refuse |
    [InlineData(false, "silo-6f-x7", "same", "orleans", "same.orleans.shop.svc.cluster.local", "same",
        "DuplicateHostname")]

    // | hostNetwork, `hostnameOverride` | node or override | unaffected | no |
    [InlineData(false, "silo-7", "silo-7", "orleans", "node-1.example.com", "silo-7", "KDNS316")]
    [InlineData(false, "silo-7", "silo-7", "orleans", "override", "silo-7", "KDNS316")]
    public async Task Pod_and_DNS_agree_on_the_name_or_not(
        bool endpointPodNames, string pod, string? hostname, string? subdomain, string fqdn, string target,
        string match)
    {
        var us = new PodSpec("shop", pod)
        {
            Addresses = [Given.Address], Services = ["orleans"], Hostname = hostname, Subdomain = subdomain,
        };
        var neighbour = us with
        {
            Name = "neighbour", Addresses = [System.Net.IPAddress.Parse("10.1.0.8")],
            Hostname = hostname is null or "same" ? hostname : "neighbour",
        };
        var hosts = HostsFile.Parse($"127.0.0.1 localhost\n10.1.0.7 {fqdn} {fqdn.Split('.')[0]}\n");
        foreach (var tcp in new[] { false, true })
        {
            await using var stack = await WholeStack.StartAsync(new LocalDnsOptions
            {
                EndpointPodNames = endpointPodNames,
                Cluster = new() { Services = [WholeStack.Orleans], Pods = [us, neighbour] },
            }, tcp);

            var listedAs = (await stack.LookUpAsync(WholeStack.Self("10.1.0.7", null))).Self.OwnName;

            Assert.Equal($"{target}.{Given.Zone}", listedAs);
            Assert.Equal(match, await MatchAsync(stack, hosts));
        }
    }

    // … else by the dashed IP (`10-1-2-3`, `fd00--1a`; an address that ends in `::` gets a trailing `0`).
    [Theory]
    [InlineData("10.1.2.3", "10-1-2-3")]
    [InlineData("fd00::1a", "fd00--1a")]
    [InlineData("fd00::", "fd00--0")]
    public async Task Without_hostname_the_address_is_the_name(string address, string label)
    {
        await using var stack = await WholeStack.StartAsync(WholeStack.Pod("silo-0", address) with { Hostname = null });

        var self = await stack.LookUpAsync(WholeStack.Self(address, null));

        Assert.Equal($"Records Listed: {label}={address}", self.Show());
        Assert.Equal($"{label}.{Given.Zone}", self.Self.OwnName);
    }

    private static async Task<string> MatchAsync(WholeStack stack, HostsFile hosts)
    {
        try
        {
            var self = Identity.Determine(Given.Settings, Given.Name, hosts);
            return $"{(await stack.LookUpAsync(self)).Self.Standing}";
        }
        catch (DiscoveryException fault)
        {
            return fault.Error.Code;
        }
    }
}
