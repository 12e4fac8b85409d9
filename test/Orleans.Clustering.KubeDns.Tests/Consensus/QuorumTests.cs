using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;
using Told = Orleans.Clustering.KubeDns.Consensus.Standing;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Who sees a majority, and when one is lost (protocol § 7).</summary>
public class QuorumTests
{
    private static readonly ClusterState Of =
        Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D);

    private readonly Amid _voter = new(new ByHand(Given.B, Of));

    [Fact]
    public void A_voter_that_is_answered_by_another_of_three_sees_a_majority()
    {
        _voter.Answering = "c";
        _voter.Pass(30_000);

        Assert.True(_voter.Hand.Replica.HasMajority);
        Assert.Equal([Given.A], _voter.Hand.Replica.MissingVoters);
        Assert.False(_voter.Saw("NoQuorum"));
    }

    // "A majority is lost when of the voters so many have ended, or are unreachable [...] that no majority is left"
    [Fact]
    public void A_majority_that_does_not_answer_is_lost_and_back_once_one_of_them_answers()
    {
        _voter.Pass(3_000);
        _voter.Answering = "d";
        _voter.Pass(10_000);
        Assert.True(_voter.Hand.Replica.LostSince >= 0);
        Assert.False(_voter.Hand.Replica.HasMajority);

        _voter.Answering = "cd";
        _voter.Pass(1_000);

        Assert.Equal(-1, _voter.Hand.Replica.LostSince);
        Assert.True(_voter.Saw("QuorumBack"));
    }

    // "whoever sees a lost majority come back looks around first": the others may have been rescued from it meanwhile
    [Fact]
    public void Who_sees_its_majority_come_back_takes_part_once_all_were_asked_whether_they_went_on_without_it()
    {
        _voter.Pass(3_000);
        _voter.Answering = "";
        _voter.Pass(10_000);
        var b = _voter.Hand;
        b.Answers(Given.A);
        b.Wait(300);
        Assert.True(_voter.Saw("QuorumBack"));
        Assert.False(b.Replica.HasMajority);
        Assert.IsType<Elsewhere>(b.Ask(Given.A, new Prepare(1, new Ballot(1, Given.A.Nonce))));

        foreach (var member in new[] { Given.A, Given.C, Given.D }) b.Answers(member);
        b.Wait(300);

        Assert.True(b.Replica.HasMajority);
        Assert.IsType<Promise>(b.Ask(Given.A, new Prepare(1, new Ballot(1, Given.A.Nonce))));
    }

    [Fact]
    public void Who_sees_its_majority_come_back_waits_a_second_for_the_silent_and_no_longer()
    {
        _voter.Pass(3_000);
        _voter.Answering = "";
        _voter.Pass(10_000);
        var b = _voter.Hand;
        for (var i = 0; i < 3; i++)
        {
            Assert.False(b.Replica.HasMajority);
            b.Answers(Given.A);
            b.Wait(300);
        }

        b.Answers(Given.A);
        b.Wait(500);

        Assert.True(b.Replica.HasMajority);
    }

    // "unreachable [...]: no valid reply for 5 s, in at least three attempts"
    [Fact]
    public void Silence_in_which_nobody_was_asked_loses_no_majority()
    {
        _voter.Pass(3_000);
        _voter.Hand.Wait(20_000);

        Assert.False(_voter.Saw("NoQuorum"));
    }

    // "or have promised a higher epoch"
    [Fact]
    public void Voters_that_have_promised_another_epoch_are_lost_though_they_answer()
    {
        _voter.Pass(3_000);
        _voter.Standing = new Told(false, new Epoch(2, Given.D.Nonce), 0, "");
        _voter.Pass(8_000);

        Assert.True(_voter.Saw("NoQuorum"));
    }

    [Fact]
    public void A_voter_tells_what_it_sees_itself_and_not_what_it_was_told()
    {
        _voter.Pass(3_000);
        _voter.Answering = "d";
        _voter.Standing = new Told(true, default, 0, "");
        _voter.Pass(10_000);

        Assert.False(Standing(_voter).IsQuorate);
    }

    // "A learner that hears from a leader with a majority looks for nobody"
    [Fact]
    public void A_learner_asks_no_voter_while_its_leader_has_a_majority()
    {
        var learner = new Amid(new ByHand(Given.D, Of)) { Standing = new Told(true, default, 0, "") };
        learner.Pass(60_000);
        var before = learner.Hand.Sent.Count;
        learner.Pass(60_000);

        Assert.DoesNotContain(learner.Hand.Sent.Skip(before), send => send.To == Given.C.Address);
    }

    // "it doubts [...] when a voter tells that it sees no majority [...] Who doubts greets the voters"
    [Fact]
    public void A_learner_that_a_voter_tells_of_a_lost_majority_looks_for_itself()
    {
        var learner = new Amid(new ByHand(Given.D, Of)) { Greeted = "a", Standing = new Told(true, default, 0, "") };
        learner.Pass(20_000);
        var before = learner.Hand.Sent.Count;

        (learner.Standing, learner.Greeted, learner.Answering) = (Told.None, "abc", "a");
        learner.Pass(12_000);

        Assert.Contains(learner.Hand.Sent.Skip(before), send =>
            send.To == Given.C.Address && send.Envelope.Body is Greet);
        Assert.True(learner.Saw("NoQuorum"));
    }

    // "a majority [...] of the voters itself, in its epoch": one that is in another does not work for this one.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Voters_of_another_lineage_or_epoch_are_no_majority_though_they_answer(bool otherLineage)
    {
        _voter.Pass(3_000);
        foreach (var voter in new[] { Given.A, Given.C })
        {
            _voter.Hand.Step(new Received(0, new Envelope(
                Given.Key, voter, Given.B.Nonce, otherLineage ? Guid.NewGuid() : Given.Lineage,
                otherLineage ? Given.Epoch : Given.Epoch with { Number = 0 },
                new Greeting(_voter.Hand.Now, 60_000, 0, false, default))));
        }

        Assert.False(_voter.Hand.Replica.HasMajority);
    }

    // "neither votes nor leads": whoever may not take part makes no majority with the others, nor tells of theirs.
    [Fact]
    public void A_voter_that_was_away_tells_of_no_majority_before_it_has_looked_around()
    {
        _voter.Pass(3_000);
        _voter.Hand.Now += 10_000;
        _voter.Hand.Step(new Tick());
        _voter.Hand.Answers(Given.A);
        _voter.Hand.Answers(Given.C);
        Assert.False(Standing(_voter).IsQuorate);

        _voter.Hand.Answers(Given.D);
        Assert.True(Standing(_voter).IsQuorate);
    }

    // "or have promised a higher epoch": it has itself, so one other that answers in the old epoch is no majority.
    [Fact]
    public void A_voter_that_promised_to_leave_counts_itself_as_lost()
    {
        _voter.Pass(5_000);
        (_voter.Answering, _voter.Ready) = ("d", "bd");
        _voter.Pass(12_000);
        Assert.IsType<RescuePromise>(_voter.Hand.Ask(Given.D, new RescuePrepare(
            new Epoch(2, Given.D.Nonce), Amid.Nonces(Given.B, Given.D))));

        _voter.Answering = "ad";
        _voter.Pass(2_000);

        Assert.False(_voter.Saw("QuorumBack"));
    }

    // "failed attempts, refusals and the loss of a majority count from its return"
    [Fact]
    public void A_loss_counts_anew_from_when_it_was_away()
    {
        _voter.Pass(3_000);
        _voter.Greeted = "d";
        for (var i = 0; i < 10; i++)
        {
            _voter.Pass(500);
            _voter.Hand.Answers(Given.Member("a", life: 2));
            _voter.Hand.Answers(Given.Member("c", life: 2));
        }

        Assert.InRange(_voter.Hand.Replica.LostSince, 0, _voter.Hand.Now);
        _voter.Hand.Now += 10_000;
        _voter.Hand.Step(new Tick());

        Assert.Equal(_voter.Hand.Now, _voter.Hand.Replica.LostSince);
    }

    // "or when somebody asks it to take part in a rescue"
    [Fact]
    public void A_learner_that_is_asked_to_take_part_in_a_rescue_looks_for_itself()
    {
        var learner = new Amid(new ByHand(Given.D, Of)) { Greeted = "a", Standing = new Told(true, default, 0, "") };
        learner.Pass(20_000);
        var before = learner.Hand.Sent.Count;

        Assert.IsType<RescueRefused>(learner.Hand.Ask(Given.B, new RescuePrepare(
            new Epoch(2, Given.B.Nonce), Amid.Nonces(Given.B, Given.D))));
        learner.Pass(3_000);

        Assert.Contains(learner.Hand.Sent.Skip(before), send =>
            send.To == Given.C.Address && send.Envelope.Body is Greet);
    }

    // "when a voter tells that it sees no majority": another learner that sees none tells of itself only.
    [Fact]
    public void A_learner_does_not_doubt_because_of_another_learner()
    {
        var learner = new Amid(new ByHand(Given.D, Of)) { Greeted = "a", Standing = new Told(true, default, 0, "") };
        learner.Pass(20_000);
        var before = learner.Hand.Sent.Count;
        for (var i = 0; i < 10; i++)
        {
            learner.Pass(500);
            learner.Hand.Ask(Given.E, new Greet(1, 60_000, 0, false, default));
        }

        Assert.DoesNotContain(learner.Hand.Sent.Skip(before), send =>
            send.To == Given.C.Address && send.Envelope.Body is Greet);
    }

    // "Only what a member sees itself counts, never what it was told": a loss outlasts the doubt that it was found in.
    [Fact]
    public void A_learner_that_found_the_majority_lost_does_not_take_its_leaders_word_that_it_is_back()
    {
        var learner = new Amid(new ByHand(Given.D, Of)) { Greeted = "abc", Answering = "a" };
        learner.Pass(12_000);
        var lostSince = learner.Hand.Replica.LostSince;
        Assert.True(lostSince >= 0);

        learner.Standing = new Told(true, default, 0, "");
        learner.Pass(30_000);
        Assert.Equal(lostSince, learner.Hand.Replica.LostSince);

        learner.Answering = "ab";
        learner.Pass(500);
        Assert.Equal(-1, learner.Hand.Replica.LostSince);
    }

    // "it doubts when its leader is quiet for 3 s": nobody else need tell it.
    [Fact]
    public void A_learner_whose_leader_falls_silent_looks_for_itself()
    {
        var learner = new Amid(new ByHand(Given.D, Of))
        {
            Greeted = "abc", Answering = "abc", Standing = new Told(true, default, 0, ""),
        };
        learner.Pass(20_000);
        learner.Answering = "";
        learner.Pass(15_000);

        Assert.True(learner.Saw("NoQuorum"));
    }

    // "A learner that hears from a leader with a majority looks for nobody": that others are silent, whom it asked for
    // another reason, proves nothing then.
    [Fact]
    public void A_learner_whose_leader_has_a_majority_finds_none_lost_though_the_other_voters_are_silent()
    {
        var learner = new Amid(new ByHand(Given.D, Of))
        {
            Greeted = "abc", Answering = "a", Standing = new Told(true, default, 0, ""),
        };
        learner.Pass(60_000);

        Assert.False(learner.Saw("NoQuorum"));
    }

    private static Told Standing(Amid amid) => Assert.IsType<Greeting>(
        amid.Hand.Ask(Given.D, new Greet(1, 60_000, 0, false, default))).Standing;
}
