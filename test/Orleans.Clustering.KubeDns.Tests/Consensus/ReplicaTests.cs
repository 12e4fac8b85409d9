using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Who a message is from and for (protocol §§ 2, 3), before any role sees it.</summary>
public class ReplicaTests
{
    private readonly ByHand _voter = new(Given.B, Given.State(Given.A, Given.B, Given.C));

    // "a process with another nonce answers Superseded(its own MemberId)"
    [Fact]
    public void A_process_with_another_nonce_answers_superseded()
    {
        var reply = _voter.Ask(Given.A, new Probe(1), to: Given.Member("b", life: 2).Nonce);

        Assert.IsType<Superseded>(reply);
        Assert.Equal(Given.B, _voter.Effects.OfType<Send>().Single().Envelope.From);
    }

    [Fact]
    public void Only_a_greeting_may_be_meant_for_whoever_listens()
    {
        var prepare = new Prepare(1, new Ballot(1, Given.A.Nonce));

        Assert.IsType<Greeting>(_voter.Ask(Given.A, new Greet(1, 1, 0, false, default), to: default(Nonce)));
        Assert.IsType<Superseded>(_voter.Ask(Given.A, prepare, to: default(Nonce)));
    }

    [Fact]
    public void A_reply_meant_for_an_earlier_process_is_dropped()
    {
        var ahead = new Ahead(1, new News(1, Sequence.Of<Command>(new NoOp()), null));
        _voter.Tell(Given.A, ahead, to: Given.Member("b", life: 2).Nonce);

        Assert.Equal(0, _voter.State.Index);
    }

    [Fact]
    public void A_request_of_another_cluster_is_answered_foreign()
    {
        _voter.Step(new Received(9, new Envelope(
            new ClusterKey("other", "cluster"), Given.A, Given.B.Nonce, Given.Lineage, Given.Epoch, new Probe(1))));

        Assert.IsType<Foreign>(_voter.Effects.OfType<Send>().Single().Envelope.Body);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_request_of_another_lineage_or_epoch_is_answered_elsewhere(bool sameLineage)
    {
        var (lineage, epoch) = sameLineage ? (Given.Lineage, new Epoch(2, default)) : (Guid.NewGuid(), Given.Epoch);
        _voter.Step(new Received(9, new Envelope(
            Given.Key, Given.A, Given.B.Nonce, lineage, epoch, new Decided(
                new News(1, Sequence.Of<Command>(new NoOp()), null)))));

        Assert.IsType<Elsewhere>(_voter.Effects.OfType<Send>().Single().Envelope.Body);
        Assert.Equal(0, _voter.State.Index);
    }

    // Neither a request nor a reply: what an earlier epoch decided late may be void in this one.
    [Fact]
    public void Nothing_of_an_earlier_epoch_of_this_lineage_is_served_or_believed()
    {
        var (earlier, news) = (new Epoch(0, default), new News(1, Sequence.Of<Command>(new NoOp()), null));
        _voter.Step(new Received(9, new Envelope(
            Given.Key, Given.A, Given.B.Nonce, Given.Lineage, earlier, new Decided(news))));
        Assert.IsType<Elsewhere>(_voter.Effects.OfType<Send>().Single(send => send.Handle == 9).Envelope.Body);
        _voter.Step(new Received(0, new Envelope(
            Given.Key, Given.A, Given.B.Nonce, Given.Lineage, earlier, new Ahead(1, news))));
        Assert.Equal(0, _voter.State.Index);

        _voter.Tell(Given.A, new Ahead(1, news));
        Assert.Equal(1, _voter.State.Index);
    }

    [Fact]
    public void Commands_of_another_lineage_are_never_applied()
    {
        _voter.Step(new Received(0, new Envelope(
            Given.Key, Given.A, Given.B.Nonce, Guid.NewGuid(), Given.Epoch, new Fetched(
                new News(1, Sequence.Of<Command>(new NoOp()), null), default))));

        Assert.Equal(0, _voter.State.Index);
    }

    [Fact]
    public void Who_is_of_the_lineage_already_installs_no_state_of_another()
    {
        var other = Given.State(Given.C) with { Lineage = Guid.NewGuid(), Index = 50 };
        _voter.Ask(Given.C, new Founded(other));
        _voter.Tell(Given.C, new Fetched(new News(0, default, other), default));

        Assert.Equal((Given.Lineage, 0L), (_voter.State.Lineage, _voter.State.Index));
    }

    [Fact]
    public void An_older_state_is_not_installed()
    {
        var newer = Given.State(Given.A) with { Index = 9 };
        _voter.Ask(Given.A, new Decided(new News(0, default, newer)));
        _voter.Ask(Given.A, new Decided(new News(0, default, newer with { Index = 3 })));

        Assert.Equal(9, _voter.State.Index);
    }

    [Fact]
    public void A_ballot_under_anothers_nonce_is_not_voted_on()
    {
        Assert.Null(_voter.Ask(Given.C, new Prepare(1, new Ballot(5, Given.A.Nonce))));
        Assert.Null(_voter.Ask(Given.C, new Accept(1, new Ballot(5, Given.A.Nonce), new NoOp())));
    }
}
