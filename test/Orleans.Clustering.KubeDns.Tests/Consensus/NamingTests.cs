using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>"With EndpointNaming = Any the listed name is taken as identity instead" (protocol § 2).</summary>
public class NamingTests
{
    private const long Staleness = 1_000;

    private static readonly MemberId A = Given.Unnamed("a");
    private static readonly MemberId B = Given.Unnamed("b");

    [Fact]
    public void Until_an_answer_lists_its_address_it_is_as_if_it_had_not_started()
    {
        var a = new ByHand(A);
        a.Now += 60_000;
        See(a, Listed(Given.B));
        a.Wait(5_000);

        Assert.Null(a.Ask(Given.B, new Greet(1, 1, -1, false, default)));
        Assert.IsType<Elsewhere>(a.Ask(Given.B, new FoundPrepare(new Ballot(1, Given.B.Nonce))));
        Assert.DoesNotContain(a.Sent, send => send.Envelope.Body is Greet);
        Assert.Contains("DNS to list 10.0.0.1:11112", a.Replica.WaitingFor);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_first_answer_that_lists_its_address_names_it_for_good(bool complete)
    {
        var a = new ByHand(A);
        a.Step(new Viewed(new View(a.Now, complete, Sequence.Of(Listed(Given.A), Listed(Given.B)), Staleness)));
        Assert.Equal(Given.A.Fqdn, a.Self.Fqdn);

        See(a, new ListedPeer("another.orleans.demo.svc.cluster.local", A.Address), Listed(Given.B));

        Assert.Equal(Given.A.Fqdn, a.Self.Fqdn);
        Assert.All(a.Sent, send => Assert.Equal(Given.A.Fqdn, send.Envelope.From.Fqdn));
        Assert.Contains(a.Sent, send => send.Envelope.Body is Greet && send.To == Given.B.Address);
    }

    [Fact]
    public void A_name_that_several_pods_share_names_nobody()
    {
        var a = new ByHand(A);
        a.Step(new Viewed(new View(a.Now, true, Sequence.Of(Listed(Given.A)), Staleness, IsMisnamed: true)));

        Assert.Equal(A.Fqdn, a.Self.Fqdn);
        Assert.Null(a.Ask(Given.B, new Greet(1, 1, -1, false, default)));
    }

    // The switch of names comes between the look-up that named it and the one it founds on.
    [Fact]
    public void It_founds_although_it_is_listed_by_another_name_by_then()
    {
        var a = new ByHand(A);
        See(a, Listed(A));
        a.Now += Staleness;
        See(a, Listed(Given.A));

        Assert.Equal(A.Fqdn, Assert.Single(a.State.Voters).Fqdn);
    }

    // The same for a peer, whoever asks: one that vouches for its name, or one that was named by DNS too.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_peer_that_DNS_named_counts_as_answering_by_whatever_name_it_is_listed(bool asksByDns)
    {
        var a = new ByHand(asksByDns ? A : Given.A);
        See(a, Listed(Given.A), Listed(Given.B));
        a.Now += 60_000;
        Answer(a, B with { Fqdn = "its-first-name.orleans.demo.svc.cluster.local" });
        See(a, Listed(Given.A), Listed(Given.B));

        Assert.Contains(a.Sent, send => send.Envelope.Body is FoundPrepare && send.To == B.Address);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_peer_that_vouches_for_its_name_must_be_listed_by_it_whoever_asks(bool asksByDns)
    {
        var a = new ByHand(asksByDns ? A : Given.A);
        See(a, Listed(Given.A), Listed(B));
        a.Now += 20_000;
        Answer(a, Given.B);
        See(a, Listed(Given.A), Listed(B));

        Assert.DoesNotContain(a.Sent, send => send.Envelope.Body is FoundPrepare);
    }

    // "Members that have a lineage greet the known addresses of silos that stopped answering, so that a process
    // restarted in place gets back in while DNS is down."
    [Fact]
    public void Without_DNS_it_takes_the_name_of_its_address_once_a_member_invites_it()
    {
        var a = new ByHand(A);
        Assert.Null(Invite(a, Given.Lineage));
        a.Wait(3_500);
        Assert.Null(Invite(a, Guid.Empty));

        Assert.IsType<Greeting>(Invite(a, Given.Lineage));
        Assert.Equal(A.Fqdn, a.Self.Fqdn);
        Assert.Contains(a.Sent, send => send.Envelope.Body is Fetch);
        See(a, Listed(Given.A));
        Assert.Equal(A.Fqdn, a.Self.Fqdn);
    }

    private static Message? Invite(ByHand replica, Guid lineage)
    {
        replica.Step(new Received(7, new Envelope(
            Given.Key, Given.B, default, lineage, default, new Greet(1, 60_000, 3, false, default))));
        return replica.Effects.OfType<Send>().LastOrDefault(send => send.Handle == 7)?.Envelope.Body;
    }

    private static ListedPeer Listed(MemberId member) => new(member.Fqdn, member.Address);

    private static void See(ByHand replica, params ListedPeer[] listed) =>
        replica.Step(new Viewed(new View(replica.Now, true, listed.ToSequence(), Staleness)));

    private static void Answer(ByHand replica, MemberId from) => replica.Step(new Received(0, new Envelope(
        Given.Key, from, replica.Self.Nonce, Guid.Empty, default,
        new Greeting(replica.Now, 60_000, -1, false, default))));
}
