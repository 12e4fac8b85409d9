using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>A replica that can do nothing waits; it does not spin.</summary>
public class CadenceTests
{
    [Fact]
    public void A_leader_whose_proposal_nobody_answers_wakes_a_few_times_a_second()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        leader.Step(new AskWrite(1, Given.Insert(Given.A, leader.State.Tag), leader.Now + 60_000));

        Assert.InRange(leader.Wait(10_000), 1, 300);
    }

    [Fact]
    public void A_voter_that_leaves_and_is_not_let_go_wakes_a_few_times_a_second()
    {
        var voter = new ByHand(Given.B, Given.State(Given.A, Given.B, Given.C));
        voter.Step(new Leave());

        Assert.InRange(voter.Wait(10_000), 1, 300);
    }

    [Fact]
    public void A_voter_that_took_over_and_was_dropped_meanwhile_forgets_about_it()
    {
        var state = Given.State(Given.A, Given.B, Given.C);
        var voter = new ByHand(Given.B, state);
        voter.Ask(Given.D, new Submit(new RequestId(Given.D.Nonce, 1), Given.Insert(Given.D, state.Tag), 0));
        Assert.Contains(voter.Traces, trace => trace.Event == "TakingOver");

        Command[] decided = [new SetVoters(Sequence.Of(Given.A, Given.C)),
            new SetVoters(Sequence.Of(Given.A, Given.C, Given.B))];
        voter.Ask(Given.A, new Decided(new News(1, Sequence.Of(decided[0]), null)));
        Assert.InRange(voter.Wait(10_000), 1, 200);

        voter.Ask(Given.A, new Decided(new News(2, Sequence.Of(decided[1]), null)));
        Assert.DoesNotContain(voter.Effects.OfType<Send>(), send => send.Envelope.Body is Prepare);
    }

    // Idle traffic is what the leader asks; of the other voters each adds a greeting in 25 s.
    [Theory]
    [InlineData("a", 60)]
    [InlineData("b", 2)]
    public void The_leader_watches_who_does_not_vote_and_the_other_voters_look_now_and_then(string name, int greetings)
    {
        var silo = new ByHand(
            Given.Member(name), Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D));
        MemberId[] others = [.. new[] { Given.A, Given.B, Given.C, Given.D }.Where(other => other != silo.Self)];
        Pass(1_000);
        silo.Sent.Clear();
        Pass(60_000);

        var greeted = silo.Sent.Count(send => send.Envelope.Body is Greet && send.To == Given.D.Address);
        Assert.InRange(greeted, greetings - 1, greetings + 1);

        void Pass(long ms) => silo.Wait(ms, () => Array.ForEach(others, other => silo.Answers(other)));
    }

    [Fact]
    public void Phase_1_ends_although_its_replies_take_longer_than_the_resend()
    {
        var state = Given.State(Given.A, Given.B, Given.C);
        var voter = new ByHand(Given.B, state);
        voter.Ask(Given.D, new Submit(new RequestId(Given.D.Nonce, 1), Given.Insert(Given.D, state.Tag), 0));
        var first = voter.Asked<Prepare>(Given.C).Single();
        voter.Wait(1_000);
        voter.Tell(Given.C, new Promise(first.Slot, first.Ballot, null));

        Assert.Single(voter.Asked<Accept>(Given.C));
    }

    [Fact]
    public void Who_misses_a_decided_command_asks_for_it_when_the_next_one_comes()
    {
        var learner = new ByHand(Given.D, Given.State(Given.A, Given.B, Given.C));
        learner.Now += 1_000;
        learner.Ask(Given.A, new Decided(new News(2, Sequence.Of<Command>(new NoOp()), null)));

        Assert.Equal(0, Assert.Single(learner.Asked<Fetch>(Given.A)).Index);
    }
}
