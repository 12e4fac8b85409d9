using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>The voter set as the leader keeps it (protocol § 6), and handing over.</summary>
public class VotersTests
{
    // "drop a voter [...] which has not answered for VoterTimeout while a majority did"
    [Fact]
    public void A_voter_that_is_silent_for_long_is_dropped()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        leader.Answers(Given.B);
        leader.Answers(Given.C);
        leader.Wait(11_000, () => leader.Answers(Given.B));

        Assert.Equal(Sequence.Of(Given.A, Given.B), Proposed(leader));
    }

    [Fact]
    public void A_voter_is_not_dropped_while_no_majority_answers()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        leader.Answers(Given.B);
        leader.Answers(Given.C);
        leader.Wait(60_000);

        Assert.Null(Proposed(leader));
    }

    [Fact]
    public void A_voter_whose_address_answers_for_another_cluster_is_silent()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        leader.Answers(Given.B);
        leader.Answers(Given.C);
        leader.Wait(15_000, () =>
        {
            leader.Answers(Given.B);
            Stranger(leader, Given.C);
        });

        Assert.Equal(Sequence.Of(Given.A, Given.B), Proposed(leader));
    }

    [Fact]
    public void A_new_voter_at_an_address_known_for_long_is_not_silent_from_the_start()
    {
        var voter = new ByHand(Given.C, Given.State(Given.A, Given.B, Given.C));
        voter.Answers(Given.Member("d"));
        voter.Wait(20_000, () => voter.Answers(Given.B));
        var reborn = Given.Member("d", life: 2);
        voter.Ask(Given.A, new Decided(new News(
            1, Sequence.Of<Command>(new SetVoters(Sequence.Of(reborn, Given.C, Given.B))), null)));
        voter.Wait(1_000, () => voter.Answers(Given.B));

        Assert.DoesNotContain(voter.Traces, trace => trace.Event == "TakingOver");
    }

    // "Shrink at once for a terminating or ended voter"
    [Fact]
    public void A_voter_that_greets_as_leaving_is_let_go_at_once()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        leader.Answers(Given.B);
        leader.Answers(Given.C);
        leader.Ask(Given.C, new Greet(1, 1, 0, Leaving: true, default));
        leader.Wait(300);

        Assert.Equal(Sequence.Of(Given.A, Given.B), Proposed(leader));
    }

    // "drop a voter whose row is terminating or Dead"
    [Fact]
    public void A_leader_whose_own_row_is_dead_hands_over()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C)
            .With(Given.Row(Given.A, SiloState.Dead)).With(Given.B, Given.C));
        leader.Answers(Given.B);
        leader.Answers(Given.C);
        leader.Wait(300);

        Assert.Equal(Sequence.Of(Given.B, Given.C), Proposed(leader));
    }

    [Fact]
    public void A_leaver_whose_greeting_is_lost_greets_the_voters_again()
    {
        var leaver = new ByHand(Given.D, Given.State(Given.A, Given.B, Given.C).With(Given.D));
        foreach (var voter in leaver.State.Voters) leaver.Answers(voter);
        leaver.Step(new Leave());
        leaver.Sent.Clear();
        leaver.Wait(2_500);

        Assert.Contains(leaver.Sent.Where(send => send.To == Given.A.Address), send =>
            send.Envelope.Body is Greet { Leaving: true });
    }

    [Fact]
    public void A_leaving_voter_does_not_keep_the_next_one_from_passing_a_dead_leader_over()
    {
        var voter = new ByHand(Given.C, Given.State(Given.A, Given.B, Given.C));
        voter.Answers(Given.A);
        voter.Wait(15_000, () => voter.Answers(Given.B, leaving: true));

        Assert.Contains(voter.Traces, trace => trace.Event == "TakingOver");
    }

    // "1, 2 -> 1; 3, 4 -> 3; >= 5 -> 5"
    [Theory]
    [InlineData("a", 1)]
    [InlineData("ab", 1)]
    [InlineData("abc", 3)]
    [InlineData("abcd", 3)]
    [InlineData("abcde", 5)]
    [InlineData("abcdef", 5)]
    public void The_leader_grows_the_voters_to_the_largest_odd_number_of_silos(string silos, int voters)
    {
        var cluster = new HandDelivery();
        var first = cluster.Start(Given.Member(silos[..1]));
        cluster.Join(first);
        foreach (var name in silos[1..]) cluster.Join(cluster.Start(Given.Member(name.ToString())));
        cluster.Run(6_000);

        Assert.Equal(voters, first.State.Voters.Count);
    }

    // "(sole voter: to a learner that is up to date)"
    [Fact]
    public void A_sole_voter_that_leaves_hands_over_to_the_learner()
    {
        var cluster = new HandDelivery();
        var (a, b) = (cluster.Start(Given.A), cluster.Start(Given.B));
        cluster.Join(a);
        cluster.Join(b);
        Assert.Equal(Given.A, Assert.Single(a.State.Voters));

        cluster.Leave(a);
        Assert.False(a.Replica.HasHandedOver);
        cluster.Until(() => a.Replica.HasHandedOver, 5_000);

        Assert.Equal(Given.B, Assert.Single(b.State.Voters));
    }

    // "The last silo just stops."
    [Fact]
    public void The_last_silo_has_nobody_to_hand_over_to()
    {
        var cluster = new HandDelivery();
        var a = cluster.Start(Given.A);
        cluster.Join(a);
        cluster.Leave(a);

        Assert.True(a.Replica.HasHandedOver);
    }

    // "one that has written its last row gives its vote to those that have not" (seed 5022298)
    [Fact]
    public void A_leaver_whose_last_row_was_cleaned_up_is_given_no_vote()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A).With(Given.Row(Given.A, SiloState.Dead)).With(Given.D));
        leader.Step(new Leave());
        foreach (var leaver in new[] { Given.B, Given.C, Given.D }) leader.Answers(leaver, leaving: true);
        leader.Wait(300);

        Assert.Equal(Sequence.Of(Given.D), leader.State.Voters);
    }

    // "whom it has not heard of since, it asks first" (seed 6045405)
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_leaver_given_the_last_vote_asks_who_still_needs_the_table_before_it_stops(bool answers)
    {
        var leaver = new ByHand(Given.B, Given.State(Given.A).With(Given.Row(Given.B, SiloState.Dead)).With(Given.C));
        leaver.Step(new Leave());
        leaver.Wait(5_000);
        leaver.Ask(Given.A, new Decided(new News(1, Sequence.Of<Command>(new SetVoters(Sequence.Of(Given.B))), null)));
        Assert.NotEmpty(leaver.Asked<Greet>(Given.C));
        Assert.False(leaver.Replica.HasHandedOver);

        leaver.Wait(900);
        Assert.False(leaver.Replica.HasHandedOver);
        if (answers) leaver.Answers(Given.C);
        leaver.Wait(200);
        Assert.Equal(!answers, leaver.Replica.HasHandedOver);
    }

    [Fact]
    public void A_leaver_given_the_last_vote_waits_for_nobody_who_refuses()
    {
        var leaver = new ByHand(Given.B, Given.State(Given.A).With(Given.Row(Given.B, SiloState.Dead)).With(Given.C));
        leaver.Answers(Given.C);
        leaver.Wait(20_000);
        leaver.Step(new Leave());
        leaver.Ask(Given.A, new Decided(new News(1, Sequence.Of<Command>(new SetVoters(Sequence.Of(Given.B))), null)));
        Assert.False(leaver.Replica.HasHandedOver);

        leaver.Refuses(Given.C);
        Assert.True(leaver.Replica.HasHandedOver);
    }

    [Fact]
    public void When_all_leave_at_once_each_may_stop_within_the_time_for_handing_over()
    {
        var cluster = new HandDelivery();
        var silos = new[] { Given.A, Given.B, Given.C }.Select(cluster.Start).ToList();
        silos.ForEach(cluster.Join);
        cluster.Run(3_000);
        silos.ForEach(cluster.Leave);
        Assert.DoesNotContain(silos, silo => silo.Replica.HasHandedOver && silo.State.IsVoter(silo.Self.Nonce));
        silos.ForEach(cluster.End);
        cluster.Until(() => silos.TrueForAll(silo => silo.Replica.HasHandedOver), 2_000);
    }

    // "a voter's silence counts from its last answer": where it was asked. A learner hardly asks anybody.
    [Fact]
    public void A_learner_that_becomes_a_voter_does_not_pass_over_a_leader_that_it_never_asked()
    {
        var learner = new ByHand(Given.B, Given.State(Given.A).With(Given.A, Given.B, Given.C));
        learner.Answers(Given.A);
        learner.Wait(30_000, () => learner.Ask(Given.A, new Greet(1, 1, 0, false, default)));
        learner.Answers(Given.C);
        learner.Ask(Given.A, new Decided(new News(
            1, Sequence.Of<Command>(new SetVoters(Sequence.Of(Given.A, Given.B, Given.C))), null)));
        learner.Wait(1_000, () => learner.Answers(Given.C));

        Assert.DoesNotContain(learner.Traces, trace => trace.Event == "TakingOver");
        learner.Wait(15_000, () => learner.Answers(Given.C));
        Assert.Contains(learner.Traces, trace => trace.Event == "TakingOver");
    }

    private static Sequence<MemberId>? Proposed(ByHand leader) =>
        leader.Sent.Select(send => send.Envelope.Body).OfType<Accept>().Select(accept => accept.Command)
            .OfType<SetVoters>().FirstOrDefault()?.Voters;

    private static void Stranger(ByHand replica, MemberId at) => replica.Step(new Received(0, new Envelope(
        new ClusterKey("other", "cluster"), Given.Member(at.Fqdn[..1], life: 9), replica.Self.Nonce,
        Guid.Empty, default, new Foreign())));
}
