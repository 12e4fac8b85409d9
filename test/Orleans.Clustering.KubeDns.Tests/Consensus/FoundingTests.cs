using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>How a process without lineage founds a cluster, or waits (protocol § 5).</summary>
public class FoundingTests
{
    private const long Staleness = 1_000;

    [Fact]
    public void The_first_pod_founds_alone_if_a_settled_look_up_lists_nobody_else()
    {
        var a = new ByHand(Given.A);
        See(a, Given.A);
        Assert.Null(a.Replica.State);
        a.Now += Staleness;
        See(a, Given.A);

        Assert.Equal(Sequence.Of(Given.A), a.State.Voters);
    }

    // "that was asked at least DnsStaleness after the youngest of the answering processes started"
    [Fact]
    public void An_answer_that_may_be_older_than_a_peer_is_not_settled()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        Answer(a, Given.B, uptime: Staleness / 2);
        See(a, Given.A, Given.B);
        Assert.Empty(Asked<FoundPrepare>(a));

        a.Now += Staleness;
        Answer(a, Given.B, uptime: Staleness * 2);
        See(a, Given.A, Given.B);
        Assert.NotEmpty(Asked<FoundPrepare>(a));
    }

    [Fact]
    public void An_answer_that_does_not_list_me_is_not_settled()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        Answer(a, Given.B);
        See(a, Given.B);

        Assert.Empty(Asked<FoundPrepare>(a));
    }

    // "at least MinimumSilos of them 'no lineage'"
    [Fact]
    public void Fewer_than_the_minimum_do_not_found()
    {
        var a = new ByHand(Given.A, settings: new Settings { MinimumSilos = 3 });
        a.Now += 60_000;
        Answer(a, Given.B);
        See(a, Given.A, Given.B);
        Assert.Empty(Asked<FoundPrepare>(a));
        Assert.Contains("MinimumSilos", a.Replica.WaitingFor);

        Answer(a, Given.C);
        See(a, Given.A, Given.B, Given.C);
        Assert.NotEmpty(Asked<FoundPrepare>(a));
    }

    [Fact]
    public void Only_the_smallest_by_name_proposes()
    {
        var b = new ByHand(Given.B);
        b.Now += 60_000;
        Answer(b, Given.A);
        See(b, Given.A, Given.B);

        Assert.Empty(Asked<FoundPrepare>(b));
        Assert.Contains(Given.A.Fqdn, b.Replica.WaitingFor);
    }

    // "who greets a process without lineage is treated as listed, whether DNS shows it yet or not"
    [Fact]
    public void Who_greeted_me_must_answer_before_i_found()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        a.Ask(Given.B, new Greet(1, 60_000, -1, false, default));
        See(a, Given.A);
        Assert.Null(a.Replica.State);

        Answer(a, Given.B);
        Assert.NotEmpty(Asked<FoundPrepare>(a));
    }

    // "blocks founding until DNS drops it"
    [Fact]
    public void Who_greeted_me_and_is_listed_by_no_younger_answer_blocks_no_longer()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        a.Ask(Given.B, new Greet(1, 60_000, -1, false, default));
        a.Now += Staleness + 1_000;
        See(a, Given.A);

        Assert.Equal(Sequence.Of(Given.A), a.State.Voters);
    }

    [Fact]
    public void A_silent_address_blocks_founding_until_dns_drops_it()
    {
        var a = new ByHand(Given.A);
        See(a, Given.A, Given.B);
        a.Wait(120_000, () => See(a, Given.A, Given.B));
        Assert.Null(a.Replica.State);

        See(a, Given.A);
        Assert.NotNull(a.Replica.State);
    }

    // "until ContactTimeout and the answering ones are a majority of all that neither refused for 10 s nor are foreign"
    [Fact]
    public void A_silent_address_is_outvoted_after_its_own_silence_of_contact_timeout()
    {
        var a = new ByHand(Given.A);
        a.Wait(60_000);
        See(a, Given.A, Given.B, Given.C);
        WaitWithB(a, 25_000, Given.A, Given.B, Given.C);
        Assert.Empty(Asked<FoundPrepare>(a));

        WaitWithB(a, 6_000, Given.A, Given.B, Given.C);
        Assert.NotEmpty(Asked<FoundPrepare>(a));
    }

    // "An address that refused for 10 s is passed over as not started, provided some other peer answered"
    [Fact]
    public void An_address_that_refused_for_10_s_is_passed_over_if_another_answers()
    {
        var a = new ByHand(Given.A);
        See(a, Given.A, Given.B, Given.C);
        Refuse(a, 9_000, Given.B, Given.C);
        Assert.Empty(Asked<FoundPrepare>(a));

        Refuse(a, 2_500, Given.B, Given.C);
        Assert.Equal([Given.B.Address], Asked<FoundPrepare>(a).Distinct());
        Assert.Contains(a.Traces, trace => trace.Event == "PassedOver" && trace.Text.Contains(Given.C.Fqdn));
    }

    [Fact]
    public void A_refusing_address_is_not_passed_over_if_nobody_answers_until_contact_timeout()
    {
        var a = new ByHand(Given.A);
        See(a, Given.A, Given.C);
        RefuseAlone(a, 28_000);
        Assert.Null(a.Replica.State);

        RefuseAlone(a, 4_000);
        Assert.NotNull(a.Replica.State);
    }

    [Fact]
    public void A_promise_that_was_lost_is_given_again()
    {
        var b = new ByHand(Given.B);
        b.Ask(Given.A, new FoundPrepare(new Ballot(1, Given.A.Nonce)));

        Assert.IsType<FoundPromise>(b.Ask(Given.A, new FoundPrepare(new Ballot(1, Given.A.Nonce))));
    }

    // "Answers with a foreign ClusterKey count as answered and are ignored."
    [Fact]
    public void A_process_of_another_cluster_counts_as_answered()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        Foreign(a, Given.B);
        See(a, Given.A, Given.B);

        Assert.Equal(Sequence.Of(Given.A), a.State.Voters);
    }

    // "A peer with our ClusterKey has a lineage -> join it"
    [Fact]
    public void Who_finds_a_lineage_fetches_it()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        Answer(a, Given.B, index: 7, lineage: Given.Lineage);

        Assert.Equal(-1, Assert.Single(a.Asked<Fetch>(Given.B)).Index);
    }

    // "must adopt, whole, the accepted (lineage, S_0) of the highest ballot"
    [Fact]
    public void What_a_witness_accepted_is_adopted_whole()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        Answer(a, Given.B);
        Answer(a, Given.C);
        See(a, Given.A, Given.B, Given.C);
        var ballot = Requests<FoundPrepare>(a).Last().Ballot;
        a.Tell(Given.B, new FoundPromise(ballot, Accepted(1, Given.B), 0, 0));
        a.Tell(Given.C, new FoundPromise(ballot, Accepted(2, Given.C), 0, 0));

        var accept = Requests<FoundAccept>(a).Last();
        Assert.Equal(Accepted(2, Given.C).State, accept.State);
    }

    // "Accepting does not yet give a process a lineage; Founded does"
    [Fact]
    public void Accepting_gives_no_lineage_until_all_accepted()
    {
        var b = new ByHand(Given.B);
        var (ballot, state) = (new Ballot(1, Given.A.Nonce), Given.State(Given.A));
        Assert.IsType<FoundPromise>(b.Ask(Given.A, new FoundPrepare(ballot)));
        Assert.IsType<FoundAccepted>(b.Ask(Given.A, new FoundAccept(ballot, state)));
        Assert.Null(b.Replica.State);

        b.Ask(Given.A, new Founded(state));
        Assert.Equal(Given.Lineage, b.State.Lineage);
    }

    [Fact]
    public void A_witness_keeps_its_promise()
    {
        var b = new ByHand(Given.B);
        var lower = new Ballot(1, Given.A.Nonce);
        b.Ask(Given.C, new FoundPrepare(new Ballot(2, Given.C.Nonce)));

        Assert.IsType<FoundRefused>(b.Ask(Given.A, new FoundPrepare(lower)));
        Assert.IsType<FoundRefused>(b.Ask(Given.A, new FoundAccept(lower, Given.State(Given.A))));
    }

    [Fact]
    public void Who_has_a_lineage_is_no_witness()
    {
        var b = new ByHand(Given.B, Given.State(Given.A));

        Assert.IsType<Elsewhere>(b.Ask(Given.A, new FoundPrepare(new Ballot(9, Given.A.Nonce))));
    }

    [Fact]
    public void A_process_that_joined_meanwhile_goes_on_with_no_attempt_of_its_own()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        Answer(a, Given.B);
        See(a, Given.A, Given.B);
        var ballot = Requests<FoundPrepare>(a).Last().Ballot;
        a.Tell(Given.C, new Fetched(new News(0, default, Given.State(Given.C)), default));
        a.Tell(Given.B, new FoundPromise(ballot, null, 0, 0));

        Assert.Empty(Requests<FoundAccept>(a));
    }

    // A misnamed process neither founds nor joins, and is no witness.
    [Fact]
    public void A_misnamed_process_neither_founds_nor_joins()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        a.Step(new Viewed(new View(a.Now, true, Sequence.Of(Listed(Given.A)), Staleness, IsMisnamed: true)));
        Answer(a, Given.B, index: 3, lineage: Given.Lineage);

        Assert.Null(a.Replica.State);
        Assert.Empty(a.Asked<Fetch>(Given.B));
        Assert.IsType<Elsewhere>(a.Ask(Given.B, new FoundPrepare(new Ballot(1, Given.B.Nonce))));
    }

    [Fact]
    public void A_misnamed_process_is_as_if_it_had_not_started()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        a.Step(new Viewed(new View(
            a.Now, true, Sequence.Of(Listed(Given.A), Listed(Given.B)), Staleness, IsMisnamed: true)));
        a.Sent.Clear();
        a.Wait(5_000);

        Assert.Null(a.Ask(Given.B, new Greet(1, 1, -1, false, default)));
        Assert.DoesNotContain(a.Sent, send => send.Envelope.Body is Greet);
    }

    // "formedAt is the latest clock in W. table.version starts at the greatest of the clocks and generations in W"
    [Fact]
    public void The_first_state_takes_the_latest_clock_and_the_greatest_version()
    {
        var a = new ByHand(Given.A);
        a.Now += 60_000;
        Answer(a, Given.B);
        See(a, Given.A, Given.B);
        var ballot = Requests<FoundPrepare>(a).Last().Ballot;
        a.Tell(Given.B, new FoundPromise(ballot, null, 5_000, 7_000));

        var state = Requests<FoundAccept>(a).Last().State;
        Assert.Equal((5_000, 7_000), (state.FormedAt, state.Table.Version));
    }

    private static FoundingProposal Accepted(long round, MemberId by) =>
        new(new Ballot(round, by.Nonce), Given.State(by) with { FormedAt = round });

    private static ListedPeer Listed(MemberId member) => new(member.Fqdn, member.Address);

    private static void See(ByHand replica, params MemberId[] listed) => replica.Step(new Viewed(
        new View(replica.Now, true, listed.Select(Listed).ToSequence(), Staleness)));

    private static void Answer(
        ByHand replica, MemberId from, long uptime = 60_000, long index = -1, Guid lineage = default) =>
        replica.Step(new Received(0, new Envelope(
            Given.Key, from, replica.Self.Nonce, lineage, Given.Epoch,
            new Greeting(replica.Now, uptime, index, false, default))));

    private static void Foreign(ByHand replica, MemberId from) => replica.Step(new Received(0, new Envelope(
        new ClusterKey("other", "cluster"), from, replica.Self.Nonce, Guid.Empty, default, new Foreign())));

    private static void WaitWithB(ByHand replica, long ms, params MemberId[] listed)
    {
        for (var until = replica.Now + ms; replica.Now < until; replica.Now += 500)
        {
            Answer(replica, Given.B);
            See(replica, listed);
        }
    }

    private static void Refuse(ByHand replica, long ms, MemberId answering, MemberId refusing)
    {
        for (var until = replica.Now + ms; replica.Now < until; replica.Now += 500)
        {
            Answer(replica, answering);
            replica.Refuses(refusing);
            See(replica, Given.A, answering, refusing);
        }
    }

    private static void RefuseAlone(ByHand replica, long ms)
    {
        for (var until = replica.Now + ms; replica.Now < until; replica.Now += 500)
        {
            replica.Refuses(Given.C);
            See(replica, Given.A, Given.C);
        }
    }

    private static IEnumerable<PeerAddress> Asked<T>(ByHand replica)
        where T : Message =>
        replica.Sent.Where(send => send.Envelope.Body is T).Select(send => send.To);

    private static IEnumerable<T> Requests<T>(ByHand replica)
        where T : Message =>
        replica.Sent.Select(send => send.Envelope.Body).OfType<T>();
}
