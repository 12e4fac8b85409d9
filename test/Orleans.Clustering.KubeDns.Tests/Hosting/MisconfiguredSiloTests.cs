using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>
/// A silo whose place in DNS is faulty forms no cluster and joins none, and says what it saw, with both names, and what
/// to change for either workload. <c>@</c> stands for its own address, <c>#</c> for that with dashes, <c>$</c> for the
/// service's name.
/// </summary>
public sealed class MisconfiguredSiloTests(MisconfiguredPods pods) : IClassFixture<MisconfiguredPods>
{
    public static TheoryData<string, string[]> AfterAWhile => new()
    {
        { "KDNS301", ["_discovery._tcp.$.", "answered NXDOMAIN", "clusterIP: None", "- name: discovery"] },
        { "KDNS302", ["points at the service itself", "$:11112 (10.96.0.1)", "clusterIP: None"] },
        { "KDNS303", ["other-0.$:11112 (127.254.254.254)", "not @:11112, where we listen as silo-x7.$",
            "publishNotReadyAddresses: true"] },
        { "KDNS303b", ["lists @:11112 as", "\n    #.$\n", "calls itself", "\n    silo-x7.$\n",
            "serviceName: orleans", "subdomain: orleans", "endpoint_pod_names"] },
        { "KDNS306", ["lists under silo-x7.$", "127.254.254.253", "of which @ is ours", "hostname: ...   <- remove",
            "subdomain: orleans"] },
        { "KDNS314", ["lists @:22222", "this silo listens on port 11112", "DiscoveryPort = 22222"] },
    };

    public static TheoryData<string, string[]> AtOnce => new()
    {
        { "KDNS312", ["ServiceName = \"orleans.my-namespace.svc.cluster.local\"", "Namespace is not set"] },
        { "KDNS316", ["calls our address @ \"silo-x7\"", "<pod>.$", "serviceName: orleans", "subdomain: orleans"] },
    };

    [Theory]
    [MemberData(nameof(AfterAWhile))]
    public void What_lasts_is_told_in_full_as_an_error_once(string code, string[] texts)
    {
        var complaint = pods[code];

        var told = Assert.Single(complaint.Log, line => line.Text.StartsWith("Misconfigured: "));
        Assert.Equal(LogLevel.Error, told.Level);
        AssertHolds(complaint, code, texts, told.Text["Misconfigured: ".Length..]);
        var started = complaint.Log.First(line => line.Category.Contains("Orleans")).At;
        Assert.True(told.At - started >= TimeSpan.FromSeconds(4.9), $"told {told.At - started} after the start");
    }

    [Theory]
    [MemberData(nameof(AfterAWhile))]
    public void Meanwhile_it_has_no_cluster_and_status_and_probe_say_why(string code, string[] texts)
    {
        var complaint = pods[code];

        Assert.Null(complaint.Fault);
        Assert.Equal(Guid.Empty, complaint.Status!.Lineage);
        AssertHolds(complaint, code, texts, complaint.Status.Diagnosis);
        using var status = JsonDocument.Parse(complaint.Statusz);
        Assert.StartsWith(code + ": ", status.RootElement.GetProperty("diagnosis").GetString());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, complaint.Startup.Code);
        Assert.Matches(
            $"^waiting for (DNS to list|a first DNS answer)[^\n]*; {code}: [^\n]*\n$", complaint.Startup.Body);
    }

    [Theory]
    [InlineData("KDNS303b")]
    [InlineData("KDNS306")]
    [InlineData("KDNS314")]
    public void A_healthy_neighbour_goes_on_without_it(string code) =>
        Assert.Equal(["silo-0." + Pod.Service], pods[code].Neighbour!.Voters);

    [Theory]
    [MemberData(nameof(AtOnce))]
    public void What_waiting_cannot_heal_ends_the_start(string code, string[] texts)
    {
        var complaint = pods[code];

        var fault = Assert.IsType<DiscoveryException>(complaint.Fault);
        AssertHolds(complaint, code, texts, fault.Message);
    }

    private static void AssertHolds(Complaint complaint, string code, string[] texts, string text)
    {
        Assert.StartsWith(code + ": ", text);
        Assert.Contains("\nUsual causes:\n", text);
        Assert.Contains("\nWhat to do:\n", text);
        var address = $"{complaint.Address}";
        foreach (var part in texts)
        {
            var expected = part.Replace("$", Pod.Service).Replace("@", address).Replace("#", address.Replace('.', '-'));
            Assert.Contains(expected, text);
        }
    }
}
