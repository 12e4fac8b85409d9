using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>What a witness lets a rescuer do, and what it does no more after its promise (protocol § 7, 2).</summary>
public class WitnessTests
{
    private static readonly Epoch Next = new(2, Given.D.Nonce);

    // b, with a row of its own, is asked by d; a and c are gone, and Kubernetes knows it.
    private readonly Amid _amid = new(new ByHand(
        Given.B, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D)));

    [Fact]
    public void Promises_what_it_knows_once_all_who_are_left_out_are_unreachable_and_not_ready()
    {
        Lose();

        var promise = Assert.IsType<RescuePromise>(Ask());

        Assert.Equal((Next, _amid.Hand.State), (promise.Epoch, promise.State));
    }

    [Fact]
    public void Tells_the_value_that_it_accepted_for_its_next_slot()
    {
        var command = Given.Change(Given.A, 1, Given.Insert(Given.E, default));
        _amid.Hand.Ask(Given.A, new Accept(1, new Ballot(0, Given.A.Nonce), command));
        Lose();

        var promise = Assert.IsType<RescuePromise>(Ask());

        Assert.Equal(command, promise.Accepted!.Command);
    }

    // "if it sees a working majority"
    [Fact]
    public void Refuses_while_a_majority_works()
    {
        _amid.Answering = "acd";
        _amid.Pass(30_000);

        Assert.Contains("working majority", Refusal());
    }

    // "or has not seen the majority lost itself"
    [Fact]
    public void Refuses_before_it_has_seen_the_majority_lost_itself()
    {
        _amid.Pass(2_000);
        _amid.Answering = "d";
        _amid.Hand.Wait(5_500);

        Assert.Contains("not seen the majority lost", Refusal());
    }

    // "if it was away"
    [Fact]
    public void Refuses_when_it_was_away()
    {
        Lose();
        _amid.Hand.Now += 10_000;

        Assert.Contains("away", Refusal());
    }

    // "or promised a higher epoch"
    [Fact]
    public void Refuses_an_epoch_below_the_one_that_it_promised()
    {
        Lose();
        Assert.IsType<RescuePromise>(Ask());

        var lower = _amid.Hand.Ask(Given.A, new RescuePrepare(new Epoch(2, Given.A.Nonce), Left));

        Assert.Equal(Next, Assert.IsType<RescueRefused>(lower).Promised);
    }

    // "if it reaches a member outside W"
    [Fact]
    public void Refuses_to_leave_out_somebody_whom_it_reaches()
    {
        Lose();

        Assert.Contains("reaches d", Refusal(Amid.Nonces(Given.B)));
    }

    // "if its own row is Active and it knows a member outside W that is neither ended for it, nor unreachable and
    // absent from its latest answer of the ready service"
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Refuses_if_it_was_Active_to_leave_out_somebody_who_is_still_ready(bool wasActive)
    {
        var own = Given.Row(Given.B, wasActive ? SiloState.Active : SiloState.Joining);
        var state = Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.C, Given.D).With(own);
        var amid = new Amid(new ByHand(Given.B, state));
        amid.Pass(5_000);
        (amid.Answering, amid.Ready) = ("d", "abd");
        amid.Pass(30_000);

        var answer = amid.Hand.Ask(Given.D, new RescuePrepare(Next, Left));

        if (wasActive) Assert.EndsWith("may know more", Assert.IsType<RescueRefused>(answer).Reason);
        else Assert.IsType<RescuePromise>(answer);
    }

    [Fact]
    public void Leaves_out_those_whose_successors_answer_even_when_it_is_told_to_stop()
    {
        var (a2, c2) = (Given.Member("a", life: 2), Given.Member("c", life: 2));
        _amid.Pass(5_000);
        _amid.Hand.Step(new Leave());
        _amid.Greeted = "d";
        for (var i = 0; i < 20; i++)
        {
            _amid.Pass(500);
            _amid.Hand.Answers(a2);
            _amid.Hand.Answers(c2);
        }

        var answer = _amid.Hand.Ask(Given.D, new RescuePrepare(Next, Amid.Nonces(Given.B, Given.D, a2, c2)));

        Assert.IsType<RescuePromise>(answer);
    }

    // A promise that came to nothing: the voter has decided without it since, and let others vote whom it now lacks.
    // What the barred one believes of the voters is old, and they are asked themselves (seed 11045847).
    [Fact]
    public void Lets_the_voters_speak_for_themselves_once_it_is_barred_from_hearing_of_them()
    {
        var amid = new Amid(new ByHand(Given.B, Given.State(Given.A).With(Given.A, Given.B, Given.D)));
        amid.Pass(5_000);
        (amid.Answering, amid.Ready) = ("d", "bd");
        amid.Pass(40_000);
        Assert.IsType<RescuePromise>(amid.Hand.Ask(Given.D, new RescuePrepare(Next, Left)));
        (amid.Answering, amid.Ready) = ("ad", "abd");
        amid.Pass(2_000);
        Assert.True(amid.Saw("QuorumBack"));

        var epoch = new Epoch(3, Given.A.Nonce);
        var without = amid.Hand.Ask(Given.D, new RescuePrepare(new Epoch(3, Given.D.Nonce), Left));
        var with = amid.Hand.Ask(Given.A, new RescuePrepare(epoch, Amid.Nonces(Given.A, Given.B, Given.D)));

        Assert.Contains("not seen the majority lost", Assert.IsType<RescueRefused>(without).Reason);
        Assert.Equal(epoch, Assert.IsType<RescuePromise>(with).Epoch);
    }

    // "From its promise on a witness refuses messages of lower epochs, late replies included, for good"
    [Fact]
    public void Takes_part_in_nothing_of_the_old_epoch_after_its_promise()
    {
        Lose();
        Ask();
        var command = Given.Change(Given.A, 1, Given.Insert(Given.E, default));

        Assert.IsType<Elsewhere>(_amid.Hand.Ask(Given.A, new Accept(1, new Ballot(0, Given.A.Nonce), command)));
        Assert.IsType<Elsewhere>(_amid.Hand.Ask(Given.A, new Probe(1)));
        Assert.Null(_amid.Hand.Ask(Given.E, new Fetch(-1)));
        _amid.Hand.Tell(Given.A, new Ahead(1, new News(1, Sequence.Of<Command>(command), null)));
        Assert.Equal(0, _amid.Hand.State.Index);
    }

    [Fact]
    public void Accepts_the_first_state_of_the_epoch_that_it_promised_and_of_no_other()
    {
        Lose();
        Ask();
        var first = _amid.Hand.State.Rescue(Next, null, [Given.A, Given.C], Sequence.Of(Given.D));

        Assert.IsType<RescueAccepted>(_amid.Hand.Ask(Given.D, new RescueAccept(Next, first)));
        var other = new Epoch(3, Given.D.Nonce);
        Assert.IsType<RescueRefused>(_amid.Hand.Ask(Given.D, new RescueAccept(other, first)));
        Assert.Equal(Given.Epoch, _amid.Hand.State.Epoch);

        Assert.IsType<Applied>(_amid.Hand.Ask(Given.D, new Rescued(first)));
        Assert.Equal(Next, _amid.Hand.State.Epoch);
    }

    // "Whose epoch is higher than the rescuer's answers Elsewhere", and so does whoever is asked in another's name.
    [Fact]
    public void Promises_no_epoch_that_is_not_the_askers_own_or_not_above_its_own()
    {
        Lose();

        Assert.IsType<Elsewhere>(Ask(new Epoch(2, Given.C.Nonce)));
        Assert.IsType<Elsewhere>(Ask(new Epoch(0, Given.D.Nonce)));
        Assert.IsType<Elsewhere>(_amid.Hand.Ask(Given.A, new RescuePrepare(Given.Epoch, Left)));
    }

    // "Every message carries the [...] lineage, epoch": who asks must be of this lineage, and not behind.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Promises_nothing_to_one_of_another_lineage_or_of_an_epoch_below(bool otherLineage)
    {
        Lose();

        _amid.Hand.Step(new Received(9, new Envelope(
            Given.Key, Given.D, Given.B.Nonce, otherLineage ? Guid.NewGuid() : Given.Lineage,
            otherLineage ? Given.Epoch : new Epoch(0, Given.D.Nonce), new RescuePrepare(Next, Left))));

        Assert.IsType<Elsewhere>(_amid.Hand.Effects.OfType<Send>().Single(send => send.Handle == 9).Envelope.Body);
    }

    // A promise that was lost is given again, whatever could be said against it by now.
    [Fact]
    public void A_promise_that_was_lost_is_given_again_though_it_reaches_others_by_now()
    {
        Lose();
        Ask();
        _amid.Answering = "ad";
        _amid.Pass(1_000);

        Assert.IsType<RescuePromise>(Ask());
    }

    [Fact]
    public void Accepts_a_first_state_from_nobody_but_its_rescuer()
    {
        Lose();
        Ask();
        var first = _amid.Hand.State.Rescue(Next, null, [Given.A, Given.C], Sequence.Of(Given.D));

        Assert.IsType<Elsewhere>(_amid.Hand.Ask(Given.C, new RescueAccept(Next, first)));
    }

    // A row that says Dead names nobody who may know more.
    [Fact]
    public void Leaves_out_those_whose_rows_are_dead()
    {
        var amid = new Amid(new ByHand(Given.B, _amid.Hand.State.With(Given.Row(Given.E, SiloState.Dead))));
        Lose(amid);

        Assert.IsType<RescuePromise>(amid.Hand.Ask(Given.D, new RescuePrepare(Next, Left)));
    }

    // "unreachable": one that it has not asked is not.
    [Fact]
    public void Refuses_if_it_was_Active_to_leave_out_somebody_whom_it_never_asked()
    {
        var amid = new Amid(new ByHand(Given.B, _amid.Hand.State.With(Given.E)));
        Lose(amid);

        var refused = Assert.IsType<RescueRefused>(amid.Hand.Ask(Given.D, new RescuePrepare(Next, Left)));
        Assert.Equal($"{Given.E} may know more", refused.Reason);
    }

    // "absent from its latest answer of the ready service": one from before the silence tells nothing of it.
    [Fact]
    public void Refuses_if_it_was_Active_to_leave_out_somebody_who_answered_after_Kubernetes_spoke()
    {
        _amid.Ready = "bd";
        _amid.Pass(5_000);
        _amid.Ready = null;
        _amid.Pass(2_000);
        _amid.Answering = "d";
        _amid.Pass(12_000);

        Assert.EndsWith("may know more", Refusal());
    }

    // Who is of another lineage by now has left this one for good: to reach it is no reason to wait.
    [Fact]
    public void Does_not_refuse_because_it_reaches_somebody_of_another_lineage()
    {
        var state = Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.C, Given.D);
        var amid = new Amid(new ByHand(Given.B, state.With(Given.Row(Given.B, SiloState.Joining))));
        Lose(amid);
        amid.Hand.Step(new Received(0, new Envelope(
            Given.Key, Given.A, Given.B.Nonce, Guid.NewGuid(), Given.Epoch,
            new Greeting(amid.Hand.Now, 60_000, 0, false, default))));

        Assert.IsType<RescuePromise>(amid.Hand.Ask(Given.D, new RescuePrepare(Next, Left)));
    }

    // They are in no state.
    [Fact]
    public void Tells_the_heartbeats_that_it_knows_of()
    {
        _amid.Hand.Ask(Given.D, new Heartbeat(new RequestId(Given.D.Nonce, 1), new Beat(Given.D.Silo, 77)));
        Lose();

        Assert.Equal(new Beat(Given.D.Silo, 77), Assert.Single(Assert.IsType<RescuePromise>(Ask()).Beats));
    }

    // "One that promised and for RescueAfter keeps meeting a working majority of the lineage in an epoch that it may
    // not adopt ends itself."
    [Fact]
    public void Ends_itself_if_the_epoch_that_it_left_works()
    {
        Lose();
        Ask();
        _amid.Answering = "acd";
        _amid.Standing = new Standing(true, default, 0, "");
        _amid.Pass(4_000);
        Assert.False(_amid.Saw("LeftBehind"));
        _amid.Pass(3_000);

        Assert.True(_amid.Saw("LeftBehind"));
        Assert.IsType<Elsewhere>(Ask(new Epoch(3, Given.D.Nonce)));
    }

    [Fact]
    public void Does_not_end_itself_because_it_meets_others_that_have_no_majority_either()
    {
        Lose();
        Ask();
        _amid.Answering = "acd";
        _amid.Pass(15_000);

        Assert.False(_amid.Saw("LeftBehind"));
    }

    // "keeps meeting": not once, and once again after a while.
    [Fact]
    public void Does_not_end_itself_because_it_met_a_working_majority_now_and_then()
    {
        Lose();
        Ask();
        for (var i = 0; i < 3; i++)
        {
            _amid.Hand.Tell(Given.A, new Greeting(_amid.Hand.Now, 60_000, 0, false, default)
            {
                Standing = new Standing(true, default, 0, ""),
            });
            _amid.Pass(8_000);
        }

        Assert.False(_amid.Saw("LeftBehind"));
    }

    private static Sequence<Nonce> Left => Amid.Nonces(Given.B, Given.D);

    private void Lose(Amid? amid = null)
    {
        amid ??= _amid;
        amid.Pass(5_000);
        (amid.Answering, amid.Ready) = ("d", "bd");
        amid.Pass(12_000);
    }

    private Message? Ask(Epoch? epoch = null) => _amid.Hand.Ask(Given.D, new RescuePrepare(epoch ?? Next, Left));

    private string Refusal(Sequence<Nonce>? witnesses = null) => Assert.IsType<RescueRefused>(
        _amid.Hand.Ask(Given.D, new RescuePrepare(Next, witnesses ?? Left))).Reason;
}
