using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>What a round of reading counts, and what becomes of it (protocol § 4); b reads for d.</summary>
public class ReadRoundTests
{
    private readonly ByHand _voter = new(
        Given.B, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C));

    private IEnumerable<ReadDone> Done => _voter.Sent.Select(send => send.Envelope.Body).OfType<ReadDone>();

    // "asking a majority of S_i.voters"
    [Fact]
    public void Only_those_that_were_asked_count()
    {
        Read();
        _voter.Tell(Given.E, new Mark(1, 0, false));

        Assert.Empty(Done);
    }

    // "(decided index, accepted in slot index+1)"
    [Fact]
    public void A_voter_tells_what_it_accepted_beyond_what_it_applied()
    {
        Assert.Equal(new Mark(7, 0, false), _voter.Ask(Given.C, new Probe(7)));
        _voter.Ask(Given.A, new Accept(1, new Ballot(0, Given.A.Nonce), new NoOp()));
        Assert.Equal(new Mark(8, 0, true), _voter.Ask(Given.C, new Probe(8)));

        Decide(new NoOp());
        Assert.Equal(new Mark(9, 1, false), _voter.Ask(Given.C, new Probe(9)));
    }

    // "an accepted value beyond it": what a voter that lags has accepted was decided long ago.
    [Fact]
    public void A_value_accepted_where_others_have_decided_holds_up_no_read()
    {
        Decide(new NoOp());
        Read();
        _voter.Tell(Given.C, new Mark(1, 0, true));

        Assert.Equal(1, Assert.Single(Done).Index);
    }

    [Fact]
    public void A_question_that_was_lost_is_asked_again()
    {
        Read();
        _voter.Sent.Clear();
        _voter.Wait(1_000);

        Assert.Contains(_voter.Sent, send => send.To == Given.C.Address && send.Envelope.Body is Probe { Round: 1 });
    }

    [Fact]
    public void What_one_knows_decided_is_asked_of_all_if_that_one_does_not_tell()
    {
        Read();
        _voter.Tell(Given.C, new Mark(1, 2, false));
        _voter.Sent.Clear();
        _voter.Wait(1_000);

        Assert.Contains(_voter.Sent, send => send.To == Given.A.Address && send.Envelope.Body is Fetch { Index: 0 });
    }

    [Fact]
    public void Who_votes_no_more_sends_its_readers_on()
    {
        Read();
        Decide(new SetVoters(Sequence.Of(Given.A, Given.C)));

        Assert.Equal(Answer.Elsewhere, Assert.Single(Done).Answer);
    }

    // "which keep the maximum per silo and merge it into reads"
    [Fact]
    public void A_read_tells_the_heartbeats()
    {
        var beat = new Beat(Given.C.Silo, 77);
        _voter.Ask(Given.C, new Heartbeat(new RequestId(Given.C.Nonce, 1), beat));
        Read();
        _voter.Tell(Given.C, new Mark(1, 0, false));

        Assert.Equal(beat, Assert.Single(Assert.Single(Done).Beats));
    }

    private void Read() => _voter.Ask(Given.D, new Read(new RequestId(Given.D.Nonce, 1), 0));

    private void Decide(Command command) => _voter.Ask(Given.A, new Decided(new News(
        _voter.State.Index + 1, Sequence.Of(command), null)));
}
