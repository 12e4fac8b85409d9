using System.Net;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

public sealed class SelfCheckTests
{
    private const string Us = "silo-7:11112=10.1.0.7";
    private const string Other = "silo-1:11112=10.1.0.1";

    [Theory]
    [InlineData("Listed", null, Us, Other)]
    [InlineData("Listed", null, "silo-7:11112=10.1.0.7,fd00::7", Other)]
    [InlineData("Listed", null, "10-1-0-7:11112=10.1.0.7", Us)]
    [InlineData("NotYetListed", "KDNS303", Other)]
    [InlineData("NotYetListed", "KDNS303", "silo-7:11112=10.1.0.6", Other)]
    [InlineData("ListedUnderOtherName", "KDNS303b", "10-1-0-7:11112=10.1.0.7", Other)]
    [InlineData("DuplicateHostname", "KDNS306", "silo-7:11112=10.1.0.7,10.1.0.8")]
    [InlineData("DuplicateHostname", "KDNS306", "dup:11112=10.1.0.7,10.1.0.8")]
    [InlineData("NotHeadless", "KDNS302", "orleans.shop.svc.cluster.local:11112=10.96.0.1")]
    [InlineData("NotHeadless", "KDNS302", "Orleans.shop.svc.Cluster.local.:11112=10.96.0.1")]
    [InlineData("PortMismatch", "KDNS314", "silo-7:30000=10.1.0.7", Other)]
    [InlineData("PortMismatch", "KDNS314", "10-1-0-7:30000=10.1.0.7", Other)]
    public void Each_listing_has_its_verdict(string standing, string? code, params string[] targets)
    {
        var verdict = Judge(Given.Self, Given.Records(targets));

        Assert.Equal((standing, code), (verdict.Standing.ToString(), verdict.Error?.Code));
        Assert.Equal(standing == "Listed", verdict.IsListed);
    }

    [Theory]
    [InlineData(DnsOutcome.NxDomain, SelfStanding.NoService, "KDNS301")]
    [InlineData(DnsOutcome.NoData, SelfStanding.NoService, "KDNS301")]
    [InlineData(DnsOutcome.ServFail, SelfStanding.Unknown, null)]
    [InlineData(DnsOutcome.Refused, SelfStanding.Unknown, null)]
    [InlineData(DnsOutcome.TimedOut, SelfStanding.Unknown, null)]
    [InlineData(DnsOutcome.Unreachable, SelfStanding.Unknown, null)]
    [InlineData(DnsOutcome.Malformed, SelfStanding.Unknown, null)]
    [InlineData(DnsOutcome.Incomplete, SelfStanding.Unknown, null)]
    internal void Each_outcome_without_targets_has_its_verdict(
        DnsOutcome outcome, SelfStanding standing, string? code)
    {
        var verdict = Judge(Given.Self, Given.Failed(outcome));

        Assert.Equal((standing, code), (verdict.Standing, verdict.Error?.Code));
    }

    [Fact]
    public void An_answer_that_is_not_whole_shows_presence_but_never_absence()
    {
        Assert.True(Judge(Given.Self, Given.Records(Us) with { Outcome = DnsOutcome.Incomplete }).IsListed);
        Assert.Equal(
            SelfVerdict.Unknown, Judge(Given.Self, Given.Records(Other) with { Outcome = DnsOutcome.Incomplete }));
    }

    [Theory]
    [InlineData(false, "KDNS307")]
    [InlineData(true, "KDNS309")]
    public void An_answer_that_was_cut_off_says_nothing_of_us_and_why(bool tcp, string code)
    {
        var verdict = Judge(Given.Self, Given.CutOff(tcp));

        Assert.Equal((SelfStanding.Unknown, null, code), (verdict.Standing, verdict.OwnName, verdict.Error?.Code));
    }

    [Fact]
    public void With_any_naming_the_listed_name_is_ours()
    {
        var any = Given.Self with { Fqdn = null };

        var verdict = Judge(any, Given.Records("10-1-0-7:11112=10.1.0.7", Other));

        Assert.Equal((SelfStanding.Listed, $"10-1-0-7.{Given.Zone}"), (verdict.Standing, verdict.OwnName));
        Assert.Equal("KDNS306", Judge(any, Given.Records("dup:11112=10.1.0.7,10.1.0.8")).Error?.Code);
    }

    [Fact]
    public void A_ready_service_lists_us_under_any_name_and_may_leave_us_out()
    {
        var listed = Judge(Given.Self, Given.Records("10-1-0-7:11112=10.1.0.7"), ServiceRole.Ready);
        var absent = Judge(Given.Self, Given.Records(Other), ServiceRole.Ready);
        var empty = Judge(Given.Self, Given.Failed(DnsOutcome.NxDomain), ServiceRole.Ready);

        Assert.True(listed.IsListed);
        Assert.Equal((SelfStanding.NotYetListed, null), (absent.Standing, absent.Error));
        Assert.Equal((SelfStanding.NoService, null), (empty.Standing, empty.Error));
    }

    [Fact]
    public void Silos_on_one_loopback_address_are_told_apart_by_port()
    {
        var self = Given.Self with { Address = IPAddress.Loopback };

        Assert.Equal("KDNS303", Judge(self, Given.Records("silo-1:20001=127.0.0.1")).Error?.Code);
        Assert.Equal("KDNS314", Judge(self, Given.Records("silo-7:20001=127.0.0.1")).Error?.Code);
        Assert.True(Judge(self, Given.Records("silo-1:20001=127.0.0.1", "silo-7:11112=127.0.0.1")).IsListed);
    }

    [Fact]
    public void IPv6_addresses_are_found_too()
    {
        var self = Given.Self with { Address = IPAddress.Parse("fd00::7") };

        Assert.True(Judge(self, Given.Records("silo-7:11112=10.1.0.7,fd00::7")).IsListed);
    }

    private static SelfVerdict Judge(
        Identity self, SrvAnswer answer, ServiceRole role = ServiceRole.Discovery) =>
        new SelfCheck(self, Given.Port, role).Judge(answer);
}
