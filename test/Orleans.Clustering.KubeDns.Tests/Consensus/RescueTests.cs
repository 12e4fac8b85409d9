using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// What a rescuer does once it may begin (protocol § 7, 2 and 3). b rescues with d; a and c have gone.
/// </summary>
public class RescueTests
{
    private static readonly ClusterState Before =
        Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D);

    private readonly Amid _amid = new(new ByHand(Given.B, Before));

    private RescuePrepare? Prepare => _amid.Hand.Sent.Where(send => send.To == Given.D.Address)
        .Select(send => send.Envelope.Body).OfType<RescuePrepare>().LastOrDefault();

    private RescueAccept? Accept => _amid.Hand.Sent.Where(send => send.To == Given.D.Address)
        .Select(send => send.Envelope.Body).OfType<RescueAccept>().LastOrDefault();

    // As it tells in every greeting.
    private Epoch Promised => Assert.IsType<Greeting>(
        _amid.Hand.Ask(Given.D, new Greet(1, 60_000, 0, false, default))).Standing.Promised;

    // "W = all that answer with this lineage. RescuePrepare(epoch, W) with a new, higher epoch to all of W but the
    // rescuer"
    [Fact]
    public void Asks_all_that_answer_to_leave_their_epoch_for_a_higher_one_of_its_own()
    {
        Begin();

        Assert.Equal(new Epoch(2, Given.B.Nonce), Prepare!.Epoch);
        Assert.Equal(Amid.Nonces(Given.B, Given.D).Order(), Prepare.Witnesses.Order());
    }

    // "only then promises itself: a veto costs the rescuer nothing"
    [Fact]
    public void Promises_nothing_itself_before_the_others_have()
    {
        Begin();
        Assert.Equal(default, Promised);

        _amid.Hand.Tell(Given.D, new RescueRefused(Prepare!.Epoch, default, "no"));

        Assert.Equal(default, Promised);
        Assert.Null(Accept);
    }

    // "the next one draws a new epoch"
    [Fact]
    public void Tries_again_with_another_epoch_above_any_that_it_was_told_of()
    {
        Begin();
        var promised = new Epoch(7, Given.D.Nonce);
        var first = Prepare!.Epoch;
        _amid.Hand.Tell(Given.D, new RescueRefused(first, promised, "it promised a higher epoch"));
        for (var i = 0; i < 10 && Prepare!.Epoch == first; i++) _amid.Pass(500);

        Assert.Equal(new Epoch(8, Given.B.Nonce), Prepare!.Epoch);
    }

    [Fact]
    public void Counts_no_promise_of_another_epoch_or_of_one_that_was_not_asked()
    {
        Begin();

        _amid.Hand.Tell(Given.D, new RescuePromise(new Epoch(9, Given.B.Nonce), Before, null, default));
        _amid.Hand.Tell(Given.E, new RescuePromise(Prepare!.Epoch, Before, null, default));
        Assert.Null(Accept);

        Promise(Before, null);
        Assert.NotNull(Accept);
    }

    // "takes the highest decided state [...] appends the value accepted for the next slot at the highest ballot, if
    // any; writes the rows of members outside W Dead; raises the version by 1000; chooses voters from W, itself first"
    [Fact]
    public void Begins_from_the_highest_state_told_and_the_value_in_flight_there()
    {
        Begin();
        var told = Before.Apply(Move(Before, 31_000));
        var inFlight = Move(told, 32_000);

        Promise(told, new Proposal(new Ballot(3, Given.A.Nonce), inFlight));

        var first = Accept!.State;
        Assert.Equal(32_000, first.Table.RowOf(Given.D)!.ProxyPort);
        Assert.Equal(told.Apply(inFlight).Table.Version + 1_000, first.Table.Version);
        Assert.Equal(SiloState.Dead, first.Table.RowOf(Given.A)!.State);
        Assert.Equal(SiloState.Dead, first.Table.RowOf(Given.C)!.State);
        Assert.Equal(SiloState.Active, first.Table.RowOf(Given.B)!.State);
        Assert.Equal(Sequence.Of(Given.B), first.Voters);
        Assert.Equal(told.Index + 1, first.Index);
    }

    [Fact]
    public void Leaves_out_a_value_that_was_accepted_for_a_slot_below_the_highest_state()
    {
        _amid.Hand.Ask(Given.A, new Accept(1, new Ballot(9, Given.A.Nonce), Move(Before, 33_000)));
        Begin();

        Promise(Before.Apply(Move(Before, 31_000)), null);

        Assert.Equal(31_000, Accept!.State.Table.RowOf(Given.D)!.ProxyPort);
    }

    // "when all accepted, the new epoch stands at the rescuer (Rescued to all of W)"
    [Fact]
    public void The_epoch_stands_once_all_have_accepted_and_all_are_told()
    {
        Begin();
        Promise(Before, null);
        Assert.Equal(Given.Epoch, _amid.Hand.State.Epoch);

        _amid.Hand.Tell(Given.D, new RescueAccepted(Accept!.Epoch));

        Assert.Equal(Accept.Epoch, _amid.Hand.State.Epoch);
        Assert.Equal(Given.B, _amid.Hand.State.Leader);
        Assert.Single(_amid.Hand.Asked<Rescued>(Given.D));
    }

    // "When a majority of S.voters has been lost for RescueAfter": those of the epoch that stands now have lost nothing
    // yet, and whoever is asked for a further one before it was told of this one may follow neither.
    [Fact]
    public void Does_not_begin_anew_before_the_new_voters_had_their_time()
    {
        Begin();
        Promise(Before, null);
        _amid.Hand.Tell(Given.D, new RescueAccepted(Accept!.Epoch));

        _amid.Pass(4_500);

        Assert.Single(_amid.Hand.Traces, trace => trace.Event == "RescueBegun");
    }

    // "looks at the evidence once more with whoever that names"
    [Fact]
    public void Does_not_go_on_if_a_promise_names_somebody_of_whom_nothing_is_known()
    {
        Begin();

        Promise(Before.With(Given.E) with { Index = 1 }, null);

        Assert.Null(Accept);
        Assert.True(_amid.Saw("RescueAbandoned"));
        Assert.Equal(default, Promised);
    }

    [Fact]
    public void Does_not_go_on_if_the_majority_is_back()
    {
        Begin();
        _amid.Hand.Answers(Given.A);

        Promise(Before, null);

        Assert.Null(Accept);
    }

    [Fact]
    public void Gives_up_an_attempt_that_is_not_answered()
    {
        Begin();
        _amid.Hand.Wait(4_000);

        Assert.True(_amid.Saw("RescueFailed"));
        Promise(Before, null);
        Assert.Null(Accept);
    }

    // "the smallest (FQDN, nonce) first, the others rank x RescueAfter later", Active silos before the others
    [Fact]
    public void Waits_its_turn_behind_those_before_it()
    {
        var amid = new Amid(new ByHand(Given.D, Before, new Settings { NotReadyFor = 2_000 }));
        amid.Pass(3_000);
        (amid.Answering, amid.Ready) = ("b", "bd");
        amid.Pass(12_000);
        Assert.False(amid.Saw("RescueBegun"));
        Assert.Equal("turn", amid.Hand.Replica.RescueBlockedBy);

        amid.Pass(8_000);
        Assert.True(amid.Saw("RescueBegun"));
    }

    // "the policy is FollowKubernetes (the alternative, Wait, never rescues)"
    [Fact]
    public void Never_begins_where_it_is_told_to_wait()
    {
        var amid = new Amid(new ByHand(Given.B, Before, new Settings { MayRescue = false }));
        Lose(amid, 300_000);

        Assert.True(amid.Hand.Replica.LostSince >= 0);
        Assert.False(amid.Saw("RescueBegun"));
    }

    [Fact]
    public void Who_leaves_rescues_nobody()
    {
        _amid.Pass(3_000);
        _amid.Hand.Step(new Leave());
        Lose(_amid, 300_000);

        Assert.False(_amid.Saw("RescueBegun"));
    }

    // "nobody joins a lineage that gives way": whoever has begun to end rescues it no more either.
    [Fact]
    public void Who_gives_way_to_another_lineage_rescues_nobody()
    {
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Ready) = ("d", "bd");
        for (var i = 0; i < 120; i++)
        {
            _amid.Pass(500);
            _amid.Hand.Step(new Received(0, new Envelope(
                Given.Key, Given.E, Given.B.Nonce, Guid.NewGuid(), Given.Epoch,
                new Greeting(_amid.Hand.Now, 60_000, 0, false, default)
                {
                    Standing = new Standing(true, default, 0, ""),
                })));
        }

        Assert.True(_amid.Hand.Replica.LostSince >= 0);
        Assert.True(_amid.Saw("Yielding"));
        Assert.False(_amid.Saw("RescueBegun"));
    }

    // d says that its gateway is elsewhere now.
    private static TableChange Move(ClusterState state, int port)
    {
        var row = state.Table.RowOf(Given.D)!;
        return Given.Change(Given.D, port, new UpdateRow(
            row with { ProxyPort = port }, new RowTag(state.Epoch, row.WrittenAt), state.Tag));
    }

    private void Begin()
    {
        Lose(_amid, 60_000);
        Assert.NotNull(Prepare);
    }

    private static void Lose(Amid amid, long atMost)
    {
        amid.Pass(3_000);
        (amid.Answering, amid.Ready) = ("d", "bd");
        for (var until = amid.Hand.Now + atMost; amid.Hand.Now < until && !amid.Saw("RescueBegun");) amid.Pass(500);
    }

    private void Promise(ClusterState state, Proposal? accepted) =>
        _amid.Hand.Tell(Given.D, new RescuePromise(Prepare!.Epoch, state, accepted, default));
}
