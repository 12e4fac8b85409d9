using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Whom the leader lets vote, and whom not (protocol § 6).</summary>
public class VotersChoiceTests
{
    private static readonly ClusterState Alone = Given.State(Given.A).With(Given.A, Given.B, Given.C, Given.D);

    // "among candidates maximise distinct failure domains, then age"
    [Fact]
    public void Of_those_that_are_ready_the_eldest_vote_first()
    {
        var state = Alone.With(Given.Row(Given.B) with { StartTicks = 9 })
            .With(Given.Row(Given.C) with { StartTicks = 5 }).With(Given.Row(Given.D) with { StartTicks = 7 });
        var leader = new ByHand(Given.A, state);
        leader.Wait(3_000, () => Answer(leader, Given.B, Given.C, Given.D));

        Assert.Equal(Sequence.Of(Given.A, Given.C, Given.D), leader.State.Voters);
    }

    [Fact]
    public void A_candidate_that_leaves_is_given_no_vote()
    {
        var leader = new ByHand(Given.A, Alone);
        leader.Wait(3_000, () =>
        {
            Answer(leader, Given.C, Given.D);
            leader.Answers(Given.B, leaving: true);
        });

        Assert.Equal(Sequence.Of(Given.A, Given.C, Given.D), leader.State.Voters);
    }

    // "bring a new voter up to date before proposing it"
    [Fact]
    public void A_candidate_that_lags_is_given_no_vote()
    {
        var leader = new ByHand(Given.A, Alone with { Index = 50 });
        leader.Wait(3_000, () =>
        {
            foreach (var member in new[] { Given.C, Given.D }) leader.Answers(member, index: 50);
            leader.Answers(Given.B, index: 30);
        });

        Assert.Equal(Sequence.Of(Given.A, Given.C, Given.D), leader.State.Voters);
    }

    // "nor one that has promised a higher epoch": it takes part in nothing (seed 11045847).
    [Fact]
    public void A_candidate_that_has_promised_a_higher_epoch_is_given_no_vote()
    {
        var leader = new ByHand(Given.A, Alone);
        var promised = new Standing(false, new Epoch(2, Given.B.Nonce), 0, "");
        leader.Wait(3_000, () =>
        {
            Answer(leader, Given.C, Given.D);
            leader.Tell(Given.B, new Greeting(leader.Now, 60_000, 0, false, default) { Standing = promised });
        });

        Assert.Equal(Sequence.Of(Given.A, Given.C, Given.D), leader.State.Voters);
    }

    // "Shrink at once for a terminating or ended voter"
    [Fact]
    public void A_voter_that_has_ended_is_dropped_at_once()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        Answer(leader, Given.B, Given.C);
        leader.Now += 1_500;
        leader.Answers(Given.Member("c", life: 2));
        leader.Wait(1_500, () => Answer(leader, Given.B));

        Assert.Equal(Sequence.Of(Given.A, Given.B), Proposed(leader));
    }

    // "never propose a set whose majority is not answering now"
    [Fact]
    public void No_set_is_proposed_whose_majority_does_not_answer_now()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        Answer(leader, Given.B, Given.C);
        leader.Wait(3_000, () => Answer(leader, Given.C));
        leader.Ask(Given.C, new Greet(1, 1, 0, Leaving: true, default));
        leader.Wait(1_000, () => leader.Answers(Given.C, leaving: true));
        Assert.Null(Proposed(leader));

        Answer(leader, Given.B);
        leader.Wait(500, () => Answer(leader, Given.B));
        Assert.Equal(Sequence.Of(Given.A, Given.B), Proposed(leader));
    }

    // "A silo that is told to stop [...] judges nobody from then on"
    [Fact]
    public void A_voter_that_leaves_passes_nobody_over()
    {
        var voter = new ByHand(Given.B, Given.State(Given.A, Given.B, Given.C));
        Answer(voter, Given.A, Given.C);
        voter.Step(new Leave());
        voter.Wait(20_000, () => Answer(voter, Given.C));

        Assert.DoesNotContain(voter.Traces, trace => trace.Event == "TakingOver");
    }

    // "The last silo just stops": nobody is left that a leaver could hand over to, or wait for.
    [Fact]
    public void A_learner_that_leaves_waits_for_no_voter_that_has_ended()
    {
        var learner = new ByHand(Given.B, Given.State(Given.A).With(Given.Row(Given.A, SiloState.Dead)).With(Given.B));
        learner.Step(new Leave());

        Assert.True(learner.Replica.HasHandedOver);
    }

    // It has a row, and nothing else is known of it: it cannot help, so it is not waited for.
    [Fact]
    public void A_sole_voter_that_leaves_waits_for_nobody_who_is_silent()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A).With(Given.A, Given.B));
        leader.Step(new Leave());
        leader.Wait(3_000);
        Assert.True(leader.Replica.HasHandedOver);

        leader.Answers(Given.B, leaving: true);
        Assert.False(leader.Replica.HasHandedOver);
    }

    private static void Answer(ByHand replica, params MemberId[] members)
    {
        foreach (var member in members) replica.Answers(member);
    }

    private static Sequence<MemberId>? Proposed(ByHand leader) =>
        leader.Sent.Select(send => send.Envelope.Body).OfType<Accept>().Select(accept => accept.Command)
            .OfType<SetVoters>().FirstOrDefault()?.Voters;
}
