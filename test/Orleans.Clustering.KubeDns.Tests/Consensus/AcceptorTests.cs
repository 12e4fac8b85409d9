using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Voting on a slot (protocol § 4).</summary>
public class AcceptorTests
{
    private static readonly Command First = Given.Change(Given.D, 1, new DeleteAll());

    private readonly ByHand _voter = new(Given.B, Given.State(Given.A, Given.B, Given.C));

    // "Prepare(slot, b) -> Promise(accepted?) if b >= promised, else Refused(promised)"
    [Fact]
    public void A_promise_bars_lower_ballots()
    {
        Assert.IsType<Promise>(Prepare(1, 2, Given.C));

        Assert.Equal(Ballot(2, Given.C), Assert.IsType<Refused>(Prepare(1, 1, Given.C)).Promised);
        Assert.Equal(Ballot(2, Given.C), Assert.IsType<Refused>(Prepare(1, 2, Given.A)).Promised);
        Assert.Equal(Ballot(2, Given.C), Assert.IsType<Refused>(Accept(1, 1, Given.A, First)).Promised);
    }

    // What was accepted is promised too: else one that comes late with a lower ballot would be believed after it.
    [Fact]
    public void An_accepted_value_bars_lower_ballots_as_a_promise_does()
    {
        Accept(1, 3, Given.A, First);

        Assert.Equal(Ballot(3, Given.A), Assert.IsType<Refused>(Prepare(1, 2, Given.C)).Promised);
        Assert.Equal(Ballot(3, Given.A), Assert.IsType<Refused>(Accept(1, 2, Given.C, new NoOp())).Promised);
    }

    [Fact]
    public void A_promise_that_was_lost_is_given_again_with_what_was_accepted()
    {
        Prepare(1, 2, Given.C);
        Accept(1, 2, Given.C, First);

        var again = Assert.IsType<Promise>(Prepare(1, 2, Given.C));
        Assert.Equal(Given.Proposal(2, Given.C, First), again.Accepted);
    }

    [Fact]
    public void A_promise_tells_what_was_accepted()
    {
        Accept(1, 0, Given.A, First);

        Assert.Equal(
            Given.Proposal(0, Given.A, First), Assert.IsType<Promise>(Prepare(1, 1, Given.C)).Accepted);
    }

    // "Accept(slot, b, cmd) -> Accepted if b >= promised"
    [Fact]
    public void What_was_promised_is_accepted()
    {
        Prepare(1, 2, Given.C);

        Assert.IsType<Accepted>(Accept(1, 2, Given.C, First));
        Assert.IsType<Accepted>(Accept(1, 3, Given.A, First));
    }

    // "Round 0 belongs to it alone"
    [Fact]
    public void Round_0_is_accepted_from_the_leader_alone()
    {
        Assert.IsType<Refused>(Accept(1, 0, Given.C, First));
        Assert.IsType<Accepted>(Accept(1, 0, Given.A, First));
    }

    // "An acceptor serves slot i+1 only once it has applied i"
    [Fact]
    public void An_acceptor_behind_says_so()
    {
        Assert.Equal(new Behind(2, 0), Prepare(2, 1, Given.A));
        Assert.Equal(new Behind(3, 0), Accept(3, 1, Given.A, First));
    }

    // "Ahead(decided commands from slot on, or a snapshot) if it has applied slot"
    [Fact]
    public void An_acceptor_ahead_hands_on_what_was_decided()
    {
        Decide(new NoOp(), First);

        var ahead = Assert.IsType<Ahead>(Accept(1, 9, Given.A, new NoOp()));
        Assert.Equal(new News(1, Sequence.Of(new NoOp(), First), null), ahead.News);
        Assert.Equal(new News(2, Sequence.Of(First), null), Assert.IsType<Ahead>(Prepare(2, 9, Given.A)).News);
    }

    // "only decided commands are ever handed on"
    [Fact]
    public void What_is_only_accepted_is_not_handed_on()
    {
        Accept(1, 0, Given.A, First);

        var fetched = Assert.IsType<Fetched>(_voter.Ask(Given.C, new Fetch(0)));
        Assert.Equal(News.None, fetched.News);
    }

    [Fact]
    public void The_next_slot_begins_with_nothing_promised_and_nothing_accepted()
    {
        Prepare(1, 7, Given.C);
        Accept(1, 7, Given.C, First);
        Decide(First);

        Assert.Null(Assert.IsType<Promise>(Prepare(2, 1, Given.A)).Accepted);
    }

    // "Slot i+1 is decided among the acceptors S_i.voters"
    [Fact]
    public void Who_is_no_voter_does_not_vote()
    {
        var learner = new ByHand(Given.D, Given.State(Given.A, Given.B, Given.C));

        Assert.Null(learner.Ask(Given.A, new Prepare(1, Ballot(1, Given.A))));
        Assert.Null(learner.Ask(Given.A, new Accept(1, Ballot(0, Given.A), First)));
    }

    private Message? Prepare(long slot, long round, MemberId by) =>
        _voter.Ask(by, new Prepare(slot, Ballot(round, by)));

    private Message? Accept(long slot, long round, MemberId by, Command command) =>
        _voter.Ask(by, new Accept(slot, Ballot(round, by), command));

    private void Decide(params Command[] commands) =>
        _voter.Ask(Given.A, new Decided(new News(_voter.State.Index + 1, commands.ToSequence(), null)));

    private static Ballot Ballot(long round, MemberId by) => new(round, by.Nonce);
}
