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

    private static Told Standing(Amid amid) => Assert.IsType<Greeting>(
        amid.Hand.Ask(Given.D, new Greet(1, 60_000, 0, false, default))).Standing;
}
