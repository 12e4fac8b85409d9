using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// A rescue with several witnesses (protocol § 7, 2 and 3): b rescues with d, e and f; a and c have gone.
/// </summary>
public class RescueOfManyTests
{
    private static readonly MemberId F = Given.Member("f");

    private static readonly ClusterState Before =
        Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D, Given.E, F);

    private Amid _amid = Of(Before);

    private Epoch Epoch => _amid.Hand.Sent.Select(send => send.Envelope.Body).OfType<RescuePrepare>().Last().Epoch;

    private RescueAccept? Accept =>
        _amid.Hand.Sent.Select(send => send.Envelope.Body).OfType<RescueAccept>().LastOrDefault();

    // "W = all that answer with this lineage"
    [Fact]
    public void Asks_nobody_of_another_lineage()
    {
        var other = Given.Member("g");
        Lose(() =>
        {
            _amid.Hand.Step(new Received(0, new Envelope(
                Given.Key, other, Given.B.Nonce, Guid.NewGuid(), Given.Epoch,
                new Greeting(_amid.Hand.Now, 60_000, 0, false, default))));
            return _amid.Saw("RescueBegun");
        });

        var asked = _amid.Hand.Sent.Select(send => send.Envelope.Body).OfType<RescuePrepare>().Last();
        Assert.Equal(Amid.Nonces(Given.B, Given.D, Given.E, F), asked.Witnesses);
    }

    // "When all others have promised"
    [Fact]
    public void Goes_on_only_when_all_others_have_promised()
    {
        Begin();
        Promise(Given.D);
        Promise(Given.E);
        Assert.Null(Accept);

        Promise(F);

        Assert.NotNull(Accept);
    }

    // "when all accepted, the new epoch stands"
    [Fact]
    public void The_epoch_stands_on_no_acceptance_but_those_of_all_witnesses_for_this_epoch()
    {
        Begin();
        PromiseAll();
        _amid.Hand.Tell(Given.D, new RescueAccepted(Epoch));
        _amid.Hand.Tell(Given.E, new RescueAccepted(Epoch));
        _amid.Hand.Tell(Given.A, new RescueAccepted(Epoch));
        _amid.Hand.Tell(F, new RescueAccepted(new Epoch(9, Given.B.Nonce)));
        Assert.Equal(Given.Epoch, _amid.Hand.State.Epoch);

        _amid.Hand.Tell(F, new RescueAccepted(Epoch));

        Assert.Equal(Epoch, _amid.Hand.State.Epoch);
    }

    // "appends the value accepted for the next slot at the highest ballot"
    [Theory]
    [InlineData(1, 2, 32_000)]
    [InlineData(2, 1, 31_000)]
    public void Of_two_values_in_flight_it_takes_that_of_the_highest_ballot(long first, long second, int port)
    {
        Begin();
        Promise(Given.D, Given.Proposal(first, Given.A, Move(31_000)));
        Promise(Given.E, Given.Proposal(second, Given.C, Move(32_000)));
        Promise(F);

        Assert.Equal(port, Accept!.State.Table.RowOf(F)!.ProxyPort);
    }

    // "takes the highest decided state": of the highest epoch; one of a lower epoch may have gone further for nothing.
    [Fact]
    public void A_state_of_a_lower_epoch_is_never_the_highest()
    {
        Begin();
        Promise(Given.D, state: Before with { Epoch = new Epoch(0, Given.D.Nonce), Index = 50 });
        Promise(Given.E);
        Promise(F);

        Assert.Equal(1, Accept!.State.Index);
    }

    // "chooses voters from W, itself first": an odd number of them, Active ones first, and none that leaves.
    [Fact]
    public void Of_four_three_vote()
    {
        Begin();
        PromiseAll();

        Assert.Equal(Sequence.Of(Given.B, Given.D, Given.E), Accept!.State.Voters);
    }

    [Fact]
    public void Who_is_on_its_way_up_votes_after_those_that_are_Active()
    {
        _amid = Of(Before.With(Given.Row(Given.D, SiloState.Joining)));
        Begin();
        PromiseAll(_amid.Hand.State);

        Assert.Equal(Sequence.Of(Given.B, Given.E, F), Accept!.State.Voters);
    }

    [Fact]
    public void Who_leaves_is_given_no_vote()
    {
        Begin();
        _amid.Hand.Answers(Given.D, leaving: true);
        PromiseAll();

        Assert.Equal(Sequence.Of(Given.B, Given.E, F), Accept!.State.Voters);
    }

    // What they heard of heartbeats is not in any state.
    [Fact]
    public void Keeps_the_heartbeats_that_witnesses_tell_of()
    {
        Begin();
        _amid.Hand.Tell(Given.D, new RescuePromise(
            Epoch, Before, null, Sequence.Of(new Beat(Given.E.Silo, 77))));

        Assert.Equal(77, _amid.Hand.Replica.Beats[Given.E.Silo]);
    }

    // "looks at the evidence once more with whoever that names": the value in flight included.
    [Fact]
    public void Does_not_go_on_if_the_value_in_flight_names_somebody_of_whom_nothing_is_known()
    {
        Begin();
        var stranger = Given.Member("g");
        Promise(Given.D, Given.Proposal(1, Given.A, Given.Change(stranger, 1, Given.Insert(stranger, Before.Tag))));
        Promise(Given.E);
        Promise(F);

        Assert.Null(Accept);
        Assert.True(_amid.Saw("RescueAbandoned"));
    }

    // "W = all that answer": whoever has come since may know more.
    [Fact]
    public void Does_not_go_on_without_somebody_who_answers_by_now()
    {
        Begin();
        _amid.Hand.Answers(Given.Member("g"));
        PromiseAll();

        Assert.Null(Accept);
        Assert.True(_amid.Saw("RescueAbandoned"));
    }

    // "A rescuer that had promised another's higher epoch meanwhile went on with its own" (§ 11, seed 37)
    [Fact]
    public void Does_not_go_on_once_it_has_promised_anothers_higher_epoch()
    {
        Begin();
        var higher = new Epoch(7, Given.D.Nonce);
        var all = Amid.Nonces(Given.B, Given.D, Given.E, F);
        Assert.IsType<RescuePromise>(_amid.Hand.Ask(Given.D, new RescuePrepare(higher, all)));

        PromiseAll();

        Assert.Null(Accept);
    }

    // "the next one draws a new epoch", above what it has promised itself
    [Fact]
    public void Begins_above_the_epoch_that_it_promised_to_another()
    {
        Lose(() => _amid.Hand.Replica.LostSince >= 0);
        var all = Amid.Nonces(Given.B, Given.D, Given.E, F);
        for (var i = 0; i < 60 && !_amid.Saw("RescueBegun"); i++)
        {
            _amid.Hand.Ask(Given.D, new RescuePrepare(new Epoch(7, Given.D.Nonce), all));
            _amid.Pass(500);
        }

        Assert.Equal(new Epoch(8, Given.B.Nonce), Epoch);
    }

    [Fact]
    public void Only_a_refusal_of_this_attempt_ends_it()
    {
        Begin();
        _amid.Hand.Tell(Given.D, new RescueRefused(new Epoch(1, Given.B.Nonce), default, "late"));
        Assert.False(_amid.Saw("Vetoed"));

        _amid.Hand.Tell(Given.D, new RescueRefused(Epoch, default, "no"));
        Assert.True(_amid.Saw("Vetoed"));
    }

    // "Whose epoch is higher than the rescuer's answers Elsewhere"
    [Fact]
    public void Gives_up_if_a_witness_is_elsewhere()
    {
        Begin();
        _amid.Hand.Tell(Given.Member("g"), new Elsewhere());
        Assert.False(_amid.Saw("RescueAbandoned"));

        _amid.Hand.Tell(Given.D, new Elsewhere());
        Assert.True(_amid.Saw("RescueAbandoned"));
    }

    private static Amid Of(ClusterState state) => new(new ByHand(Given.B, state))
    {
        Greeted = "abcdef", Answering = "abcdef", Discovered = "abcdef", Ready = "abcdef",
    };

    // f says that its gateway is elsewhere now.
    private static TableChange Move(int port)
    {
        var row = Before.Table.RowOf(F)!;
        return Given.Change(F, port, new UpdateRow(
            row with { ProxyPort = port }, new RowTag(Before.Epoch, row.WrittenAt), Before.Tag));
    }

    private void Begin()
    {
        Lose(() => _amid.Saw("RescueBegun"));
        Assert.True(_amid.Saw("RescueBegun"));
    }

    private void Lose(Func<bool> until)
    {
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Ready) = ("def", "bdef");
        for (var i = 0; i < 120 && !until(); i++) _amid.Pass(500);
    }

    private void PromiseAll(ClusterState? state = null)
    {
        foreach (var witness in new[] { Given.D, Given.E, F }) Promise(witness, state: state);
    }

    private void Promise(MemberId from, Proposal? accepted = null, ClusterState? state = null) =>
        _amid.Hand.Tell(from, new RescuePromise(Epoch, state ?? Before, accepted, default));
}
