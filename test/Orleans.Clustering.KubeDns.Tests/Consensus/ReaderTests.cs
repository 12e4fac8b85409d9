using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Linearizable reads at a voter (protocol § 4).</summary>
public class ReaderTests
{
    private readonly ByHand _voter = new(Given.B, Given.State(Given.A, Given.B, Given.C));

    // "asking a majority of S_i.voters"
    [Fact]
    public void A_read_stands_when_a_majority_confirmed_it()
    {
        Read(1);
        Assert.Empty(Done());
        _voter.Tell(Given.C, new Mark(1, 0, false));

        Assert.Equal(0, Assert.Single(Done()).Index);
    }

    // "It catches up to the highest decided index seen"
    [Fact]
    public void A_read_waits_until_it_has_what_another_knows_decided()
    {
        Read(1);
        _voter.Tell(Given.C, new Mark(1, 2, false));
        Assert.Empty(Done());
        Assert.Single(_voter.Asked<Fetch>(Given.C));

        Decide(new NoOp(), new NoOp());
        Assert.Equal(2, Assert.Single(Done()).Index);
    }

    // "if any reply shows an accepted value beyond it, it finishes that slot first"
    [Fact]
    public void A_read_finishes_what_is_in_flight()
    {
        Read(1);
        _voter.Tell(Given.C, new Mark(1, 0, true));
        Assert.Empty(Done());
        _voter.Wait(400);

        var prepare = _voter.Sent.Where(send => send.To == Given.C.Address)
            .Select(send => send.Envelope.Body).OfType<Prepare>().First();
        var inFlight = Given.Change(Given.D, 1, new DeleteAll());
        _voter.Tell(Given.C, new Promise(1, prepare.Ballot, Given.Proposal(0, Given.A, inFlight)));
        _voter.Tell(Given.C, new Accepted(1, prepare.Ballot));

        Assert.Equal(1, Assert.Single(Done()).Index);
        Assert.True(_voter.State.Recent.Holds(inFlight.Id!.Value));
    }

    // "If the voters of the state reached are not those that were asked, the round is repeated with them"
    [Fact]
    public void A_round_is_repeated_when_the_voters_changed()
    {
        Read(1);
        Decide(new SetVoters(Sequence.Of(Given.A, Given.B, Given.D)));
        _voter.Tell(Given.C, new Mark(1, 0, false));

        Assert.Empty(Done());
        Assert.Equal(2, _voter.Sent.Count(send => send.Envelope.Body is Probe && send.To == Given.A.Address));
    }

    // A change and its undoing look like no change, yet another majority may have decided in between.
    [Fact]
    public void A_round_is_repeated_when_the_voters_changed_and_changed_back()
    {
        Read(1);
        Decide(
            new SetVoters(Sequence.Of(Given.B, Given.A, Given.C)),
            new SetVoters(Sequence.Of(Given.A, Given.B, Given.C)));
        _voter.Tell(Given.C, new Mark(1, 0, false));

        Assert.Empty(Done());
        _voter.Tell(Given.C, new Mark(2, 2, false));
        Assert.Equal(2, Assert.Single(Done()).Index);
    }

    // "Concurrent reads share a round that has not yet begun, never one under way."
    [Fact]
    public void A_read_never_shares_a_round_under_way()
    {
        Read(1);
        Read(2);
        Read(3);
        _voter.Tell(Given.C, new Mark(1, 0, false));
        Assert.Equal(1, Assert.Single(Done()).Id.Number);

        _voter.Tell(Given.C, new Mark(2, 0, false));
        Assert.Equal([1L, 2, 3], Done().Select(done => done.Id.Number));
    }

    // "Non-voters ask a voter."
    [Fact]
    public void Who_is_no_voter_sends_a_reader_on()
    {
        var learner = new ByHand(Given.D, Given.State(Given.A, Given.B, Given.C));
        var reply = learner.Ask(Given.E, new Read(new RequestId(Given.E.Nonce, 1), 0));

        Assert.Equal(Answer.Elsewhere, Assert.IsType<ReadDone>(reply).Answer);
    }

    // "the asker installs them before it reports the result to Orleans"
    [Fact]
    public void What_a_reply_tells_is_installed_before_it_is_reported()
    {
        var learner = new ByHand(Given.D, Given.State(Given.A, Given.B, Given.C));
        learner.Step(new AskRead(5, learner.Now + 3_000));
        var asked = learner.Asked<Read>(Given.A).Single();
        var news = new News(1, Sequence.Of<Command>(new NoOp()), null);
        learner.Tell(Given.A, new ReadDone(asked.Id, Answer.Done, 1, news, default));

        Assert.Equal(["Committed", "ReadAnswered"], learner.Effects.Select(effect => effect.GetType().Name));
    }

    // "A caller that gets no decision by its deadline throws; it never guesses."
    [Fact]
    public void An_operation_without_a_decision_ends_without_an_answer()
    {
        var learner = new ByHand(Given.D, Given.State(Given.A, Given.B, Given.C));
        learner.Step(new AskWrite(5, new DeleteAll(), learner.Now + 5_000));
        var answered = new List<Answered>();
        learner.Wait(6_000, () => answered.AddRange(learner.Effects.OfType<Answered>()));

        var answer = Assert.Single(answered);
        Assert.Equal((5, null), (answer.Ticket, answer.Answer));
        Assert.InRange(answer.Attempts, 3, 6);
    }

    // "A leader that does not answer within TakeoverAfter is passed over: the caller turns to the next voter"
    [Fact]
    public void A_caller_turns_to_the_next_voter_when_the_leader_is_silent_or_refuses()
    {
        var learner = new ByHand(Given.D, Given.State(Given.A, Given.B, Given.C));
        learner.Step(new AskWrite(5, new DeleteAll(), learner.Now + 9_000));
        Assert.Single(learner.Asked<Submit>(Given.A));
        learner.Wait(1_600);
        Assert.Contains(learner.Sent, send => send.To == Given.B.Address && send.Envelope.Body is Submit);

        learner.Step(new Undelivered(Given.B.Address, Given.B.Nonce, WasRefused: true));
        Assert.Single(learner.Asked<Submit>(Given.C));
    }

    private void Read(long number) => _voter.Ask(Given.D, new Read(new RequestId(Given.D.Nonce, number), 0));

    private void Decide(params Command[] commands) =>
        _voter.Ask(Given.A, new Decided(new News(_voter.State.Index + 1, commands.ToSequence(), null)));

    private IEnumerable<ReadDone> Done() => _voter.Sent.Select(send => send.Envelope.Body).OfType<ReadDone>();
}
