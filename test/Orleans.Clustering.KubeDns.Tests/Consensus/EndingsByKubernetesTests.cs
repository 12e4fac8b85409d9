using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>What the two services say of a member (protocol § 7, rules (b) to (d)); a judges c.</summary>
public class EndingsByKubernetesTests
{
    private readonly ByHand _leader = new(
        Given.A, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D));

    private bool HasEnded(EndRule rule) => _leader.Traces.Exists(trace =>
        trace.Event == "MemberEnded" && trace.Text.Contains($"by rule {rule}", StringComparison.Ordinal));

    private bool AnyEnded => _leader.Traces.Exists(trace => trace.Event == "MemberEnded");

    // "(c) removed: unreachable, and gone (§ 1) from the discovery service for >= RemovedFor"
    [Fact]
    public void A_silent_member_that_the_discovery_service_lists_no_more_has_ended()
    {
        Pass(Silent, listed: "abd");

        Assert.True(HasEnded(EndRule.Removed));
    }

    [Fact]
    public void A_member_that_is_gone_from_the_discovery_service_and_answers_has_not_ended()
    {
        Pass(() => _leader.Answers(Given.C), listed: "abd");

        Assert.False(AnyEnded);
    }

    // "either another member observed the same in that time, or it is gone from the ready service"
    [Fact]
    public void A_member_that_refuses_and_is_ready_no_more_has_ended()
    {
        Pass(() => _leader.Refuses(Given.C), ready: "abd");

        Assert.True(HasEnded(EndRule.Refused));
    }

    [Fact]
    public void A_member_that_refuses_and_is_still_ready_has_not_ended()
    {
        Pass(() => _leader.Refuses(Given.C));

        Assert.False(AnyEnded);
    }

    // "one that never was ready may be on its way up while a firewall refuses for it"
    [Fact]
    public void A_member_that_refuses_and_never_was_ready_has_not_ended()
    {
        Pass(() => _leader.Refuses(Given.C), ready: "abd", readyBefore: "abd");

        Assert.False(AnyEnded);
    }

    // "(d) not ready, for rescue only"
    [Fact]
    public void A_silent_member_that_is_ready_no_more_has_not_ended_while_a_majority_works()
    {
        Pass(Silent, ready: "abd");

        Assert.False(AnyEnded);
    }

    // "some other member (or, in a cluster of two, the DNS server) answered the observer"
    [Theory]
    [InlineData("ab", true)]
    [InlineData("abd", false)]
    public void In_a_cluster_of_two_the_answers_of_DNS_show_that_it_is_not_we_who_are_cut_off(
        string silos, bool hasEnded)
    {
        var members = silos.Select(Amid.Member).ToArray();
        var amid = new Amid(new ByHand(Given.A, Given.State(Given.A).With(members))) { Greeted = "b" };
        amid.Pass(5_000);
        (amid.Refusing, amid.Ready) = ("b", "acd");
        amid.Pass(10_000);

        Assert.Equal(hasEnded, amid.Saw("MemberEnded"));
    }

    private void Silent() => _leader.Step(new Undelivered(Given.C.Address, default, WasRefused: false));

    // All answer, and both services list all; half a minute like this follows.
    private void Pass(Action ofC, string listed = "abcd", string ready = "abcd", string readyBefore = "abcd")
    {
        _leader.Now += 100;
        foreach (var member in new[] { Given.B, Given.C, Given.D }) _leader.Answers(member);
        for (var i = 0; i < 60; i++)
        {
            _leader.Now += 500;
            _leader.Answers(Given.B);
            _leader.Answers(Given.D);
            if (i < 6) _leader.Answers(Given.C);
            else ofC();
            _leader.Step(new Viewed(View(i < 6 ? "abcd" : listed)));
            _leader.Step(new ViewedReady(View(i < 6 ? readyBefore : ready)));
        }
    }

    private View View(string names) => new(
        _leader.Now, true, names.Select(name => Given.Member(name.ToString()))
            .Select(member => new ListedPeer(member.Fqdn, member.Address)).ToSequence(), 1_000);
}
