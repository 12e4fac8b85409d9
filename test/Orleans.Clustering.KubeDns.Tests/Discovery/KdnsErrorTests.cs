using System.Net;
using System.Runtime.CompilerServices;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>
/// The whole texts, as an operator reads them. <c>UPDATE_GOLDEN=1</c> rewrites the files; read the difference.
/// </summary>
public sealed class KdnsErrorTests
{
    private static readonly Dictionary<string, Func<KdnsError>> Errors = new()
    {
        ["KDNS301"] = () => Seen(Given.Failed(DnsOutcome.NxDomain)),
        ["KDNS301.nodata"] = () => Seen(Given.Failed(DnsOutcome.NoData)),
        ["KDNS301.gateway"] = () => ServiceErrors.NoService(
            new(new("orleans-ready", "shop", "cluster.local"), "gateway"), null, Given.Failed(DnsOutcome.NxDomain)),
        ["KDNS302"] = () => Seen(Given.Records($"{Given.Zone}:11112=10.96.0.1")),
        ["KDNS303"] = () => Seen(Given.Records([.. Enumerable.Range(0, 7).Select(i => $"silo-{i}:11112=10.1.0.2{i}")]))
            with { Lasting = TimeSpan.FromSeconds(42) },
        ["KDNS303b"] = () => Seen(Given.Records("10-1-0-7:11112=10.1.0.7")),
        ["KDNS304"] = () => PeerErrors.Silent(
            Given.Port,
            [
                new(Place("silo-8", "10.1.0.8"), Refuses: false, TimeSpan.FromSeconds(31)),
                new(Place("silo-9", "10.1.0.9"), Refuses: true, TimeSpan.FromSeconds(22)),
            ]) with { Lasting = TimeSpan.FromSeconds(21) },
        ["KDNS305"] = () => PeerErrors.NoMajority(
            Given.Port, 3, [Place("silo-8", "10.1.0.8"), Place("silo-9", "10.1.0.9")],
            "silo-8 to answer or to be known as ended (the ready service still lists it)", true, true)
            with { Lasting = TimeSpan.FromSeconds(12) },
        ["KDNS305.wait"] = () => PeerErrors.NoMajority(
            Given.Port, 1, [Place("silo-8", "10.1.0.8")], "", false, false),
        ["KDNS306"] = () => Seen(Given.Records("silo-7:11112=10.1.0.7,10.1.0.8,10.1.0.9")),
        ["KDNS307"] = () => Seen(Given.CutOff(tcp: false)) with { Lasting = TimeSpan.FromSeconds(12) },
        ["KDNS308"] = () => SetupErrors.OrderedReady(Given.Port, "silo-0", "10.1.0.7", 3)
            with { Lasting = TimeSpan.FromSeconds(20) },
        ["KDNS309"] = () => Seen(Given.CutOff(tcp: true)) with { Lasting = TimeSpan.FromSeconds(12) },
        ["KDNS310"] = () => SetupErrors.NoReadyService(Given.Port),
        ["KDNS311"] = () => PeerErrors.Foreign(
            Given.Port, new("shop", "blue"), [(Place("silo-8", "10.1.0.8"), new("shop", "green"))])
            with { Lasting = TimeSpan.FromSeconds(5) },
        ["KDNS311.many"] = () => PeerErrors.Foreign(
            Given.Port, new("shop", "blue"),
            [.. Enumerable.Range(1, 7).Select(i => (Place("", $"fd00::{i}"), new ClusterName("a\nb", new('x', 99))))]),
        ["KDNS312"] = () => Thrown(() => ServiceName.Derive(new("orleans"), null, null)),
        ["KDNS313"] = () => PeerErrors.SecretsDiffer(Given.Port, true, [Place("silo-8", "10.1.0.8")])
            with { Lasting = TimeSpan.FromSeconds(5) },
        ["KDNS313.none"] = () => PeerErrors.SecretsDiffer(
            Given.Port, false, [.. Enumerable.Range(1, 7).Select(i => Place("", $"10.1.0.{i}"))]),
        ["KDNS314"] = () => Seen(Given.Records("silo-7:30000=10.1.0.7")),
        ["KDNS315"] = () => PeerErrors.OtherVersion(Given.Port, [Place("silo-8", "10.1.0.8")])
            with { Lasting = TimeSpan.FromSeconds(5) },
        ["KDNS316"] = () => Thrown(() => Identity.Determine(
            Given.Settings, Given.Name, HostsFile.Parse("10.1.0.7 silo-7d4f-x2"))),
        ["KDNS316.podname"] = () => Thrown(() => Identity.Determine(
            Given.Settings with { Fqdn = $"silo-7.{Given.Zone}", PodName = "silo-8" }, Given.Name, null)),
    };

    public static TheoryData<string> Names => [.. Errors.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_text_is_the_agreed_one(string name)
    {
        var path = Path.Combine(Folder(), $"{name}.txt");
        var text = Errors[name]().Message + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_text_has_its_code_all_parts_and_a_line_to_type(string name)
    {
        var error = Errors[name]();

        Assert.Equal(name.Split('.')[0], error.Code);
        Assert.StartsWith(error.Code + ": ", error.Message);
        Assert.NotEmpty(error.Causes);
        Assert.Contains(error.Remedy, line => line.StartsWith("kubectl ") || line.Contains("cat /etc/"));
        Assert.DoesNotContain('\r', error.Message);
        Assert.All(error.Message.Split('\n'), line => Assert.True(line.Length <= 160 && line == line.TrimEnd(), line));
    }

    [Fact]
    public void An_address_of_the_other_family_reads_well()
    {
        var self = Given.Self with { Address = IPAddress.Parse("fd00::7") };

        var error = ListingErrors.OtherName(self, Given.Port, $"fd00--7.{Given.Zone}");

        Assert.Contains("lists [fd00::7]:11112 as", error.Message);
    }

    private static PeerPlace Place(string name, string address) =>
        new(name.Length > 0 ? $"{name}.{Given.Zone}" : "", new IPEndPoint(IPAddress.Parse(address), 11112));

    private static KdnsError Seen(SrvAnswer answer) =>
        new SelfCheck(Given.Self, Given.Port, ServiceRole.Discovery).Judge(answer).Error!;

    private static KdnsError Thrown(Action action) => Assert.Throws<DiscoveryException>(action).Error;

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Golden");
}
