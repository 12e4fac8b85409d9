using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Choosing commands, and what callers are told (protocol § 4).</summary>
public class ProposerTests
{
    private static readonly ClusterState Three = Given.State(Given.A, Given.B, Given.C);

    private readonly ByHand _leader = new(Given.A, Three);

    // "it may skip Prepare for its first command in a slot"
    [Fact]
    public void The_leader_proposes_its_first_command_at_round_0()
    {
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));

        Assert.Equal(new Ballot(0, Given.A.Nonce), _leader.Asked<Accept>(Given.B).Single().Ballot);
    }

    // "and never proposes a second one at round 0"
    [Fact]
    public void A_leader_that_was_refused_never_proposes_a_second_one_at_round_0()
    {
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));
        _leader.Tell(Given.B, new Refused(1, new Ballot(0, Given.A.Nonce), new Ballot(3, Given.C.Nonce)));
        _leader.Wait(2_000);

        Assert.True(_leader.Sent.Select(send => send.Envelope.Body).OfType<Prepare>().First().Ballot.Round > 3);
        Assert.Single(_leader.Sent.Where(send => send.To == Given.B.Address)
            .Select(send => send.Envelope.Body).OfType<Accept>());
    }

    [Fact]
    public void A_leader_that_promised_somebody_does_not_use_round_0()
    {
        _leader.Ask(Given.C, new Prepare(1, new Ballot(2, Given.C.Nonce)));
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));

        Assert.Equal(3, _leader.Asked<Prepare>(Given.B).Single().Ballot.Round);
    }

    // "A value accepted by a majority at one ballot is decided."
    [Fact]
    public void A_value_accepted_by_a_majority_is_decided_and_its_caller_told()
    {
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));
        Assert.Equal(0, _leader.State.Index);
        _leader.Tell(Given.C, new Accepted(1, new Ballot(0, Given.A.Nonce)));

        Assert.Equal(1, _leader.State.Index);
        var told = _leader.Effects.OfType<Send>().Select(send => send.Envelope.Body).OfType<Submitted>().Single();
        Assert.Equal((Answer.Done, 1), (told.Answer, told.News.Commands.Count));
        Assert.Single(_leader.Asked<Decided>(Given.B));
    }

    // "A value accepted by a majority at one ballot": of the voters, and of this ballot
    [Fact]
    public void Acceptances_of_another_ballot_or_of_who_is_no_voter_decide_nothing()
    {
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));
        _leader.Tell(Given.D, new Accepted(1, new Ballot(0, Given.A.Nonce)));
        _leader.Tell(Given.C, new Accepted(1, new Ballot(5, Given.A.Nonce)));

        Assert.Equal(0, _leader.State.Index);
    }

    [Fact]
    public void A_refusal_of_another_ballot_ends_no_attempt()
    {
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));
        _leader.Tell(Given.B, new Refused(1, new Ballot(5, Given.A.Nonce), new Ballot(6, Given.C.Nonce)));
        _leader.Tell(Given.C, new Accepted(1, new Ballot(0, Given.A.Nonce)));

        Assert.Equal(1, _leader.State.Index);
    }

    // "Values that it had in flight are proposed anew" after a stall: no late reply decides them.
    [Fact]
    public void An_acceptance_from_before_a_stall_decides_nothing()
    {
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));
        _leader.Now += 10_000;
        _leader.Step(new Tick());
        foreach (var voter in new[] { Given.B, Given.C }) _leader.Answers(voter);
        Assert.IsType<Mark>(_leader.Ask(Given.B, new Probe(1)));
        _leader.Tell(Given.C, new Accepted(1, new Ballot(0, Given.A.Nonce)));

        Assert.Equal(0, _leader.State.Index);
    }

    // "either -> Behind(index) if the acceptor has not applied slot-1"
    [Fact]
    public void A_voter_that_is_behind_gets_what_it_lacks_and_is_asked_again()
    {
        Commit(_leader, new NoOp());
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));
        _leader.Tell(Given.C, new Behind(2, 0));
        var news = _leader.Asked<Decided>(Given.C).Single().News;
        Assert.Equal(new News(1, Sequence.Of<Command>(new NoOp()), null), news);

        _leader.Tell(Given.C, new Applied(1));
        Assert.Single(_leader.Asked<Accept>(Given.C));
    }

    [Fact]
    public void Who_was_to_pass_a_leader_over_does_not_pass_over_the_next_one()
    {
        var next = new ByHand(Given.B, Three);
        Submit(next, 1, Given.Insert(Given.D, Three.Tag));
        Assert.Single(next.Traces, trace => trace.Event == "TakingOver");
        next.Sent.Clear();

        Commit(next, new SetVoters(Sequence.Of(Given.C, Given.A, Given.B)));
        next.Wait(1_000);

        Assert.DoesNotContain(next.Sent, send => send.Envelope.Body is Prepare);
        Assert.Contains(next.Sent, send => send.Envelope.Body is Submitted { Answer: Answer.Elsewhere });
    }

    [Fact]
    public void Who_is_no_voter_sends_a_caller_on_and_passes_nobody_over()
    {
        var learner = new ByHand(Given.E, Three);

        var told = Assert.IsType<Submitted>(Submit(learner, 1, Given.Insert(Given.D, Three.Tag)));

        Assert.Equal(Answer.Elsewhere, told.Answer);
        Assert.DoesNotContain(learner.Traces, trace => trace.Event == "TakingOver");
    }

    // "if any reply shows an accepted value beyond it, it finishes that slot first": the leader too
    [Fact]
    public void A_leader_that_reads_finishes_what_is_in_flight()
    {
        _leader.Ask(Given.D, new Read(new RequestId(Given.D.Nonce, 1), 0));
        _leader.Tell(Given.C, new Mark(1, 0, true));
        _leader.Wait(400);
        _leader.Tell(Given.C, new Accepted(1, new Ballot(0, Given.A.Nonce)));

        Assert.Equal(1, _leader.State.Index);
        Assert.Contains(_leader.Sent, send => send.Envelope.Body is ReadDone { Index: 1 });
    }

    // "each silo sends them to all voters, which keep the maximum": the table itself knows of none
    [Fact]
    public void A_clean_up_spares_a_row_whose_heartbeat_is_young_enough()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A).With(Given.A).With(Given.Row(Given.D, SiloState.Dead)));
        leader.Ask(Given.D, new Heartbeat(new RequestId(Given.D.Nonce, 1), new Beat(Given.D.Silo, 100)));

        Submit(leader, 1, new Cleanup(100, false, default));
        Assert.NotNull(leader.State.Table.RowOf(Given.D));

        Submit(leader, 2, new Cleanup(101, false, default));
        Assert.Null(leader.State.Table.RowOf(Given.D));
    }

    // "finishes whatever was in flight, and then commits SetVoters with itself first"
    [Fact]
    public void Who_takes_over_finishes_what_was_in_flight_and_then_leads()
    {
        var next = new ByHand(Given.B, Three);
        var inFlight = Given.Change(Given.E, 7, Given.Insert(Given.E, Three.Tag));
        Submit(next, 1, Given.Insert(Given.D, Three.Tag));
        var prepare = next.Asked<Prepare>(Given.C).Single();
        next.Tell(Given.C, new Promise(1, prepare.Ballot, Given.Proposal(0, Given.A, inFlight)));
        Assert.Equal(inFlight, next.Asked<Accept>(Given.C).Single().Command);

        next.Tell(Given.C, new Accepted(1, prepare.Ballot));
        prepare = next.Asked<Prepare>(Given.C).Single();
        next.Tell(Given.C, new Promise(2, prepare.Ballot, null));

        Assert.Equal(
            Sequence.Of(Given.B, Given.A, Given.C),
            Assert.IsType<SetVoters>(next.Asked<Accept>(Given.C).Single().Command).Voters);
    }

    [Fact]
    public void The_value_of_the_highest_ballot_is_proposed_again()
    {
        var five = new ByHand(Given.B, Given.State(Given.A, Given.B, Given.C, Given.D, Given.E));
        Submit(five, 1, Given.Insert(Given.D, Three.Tag));
        var ballot = five.Asked<Prepare>(Given.C).Single().Ballot;
        five.Tell(Given.C, new Promise(1, ballot, Given.Proposal(0, Given.A, new NoOp())));
        var newer = Given.Change(Given.E, 1, new DeleteAll());
        five.Tell(Given.D, new Promise(1, ballot, Given.Proposal(1, Given.E, newer)));

        Assert.IsType<TableChange>(five.Asked<Accept>(Given.C).Single().Command);
    }

    [Fact]
    public void A_promise_for_another_ballot_counts_for_nothing()
    {
        var next = new ByHand(Given.B, Three);
        Submit(next, 1, Given.Insert(Given.D, Three.Tag));
        next.Tell(Given.C, new Promise(1, new Ballot(99, Given.B.Nonce), null));
        var ballot = next.Sent.Select(send => send.Envelope.Body).OfType<Prepare>().Last().Ballot;
        next.Tell(Given.D, new Promise(1, ballot, null));

        Assert.DoesNotContain(next.Sent, send => send.Envelope.Body is Accept);
    }

    // "false is returned only for a CAS checked against a state at least as new as the caller's etag"
    [Fact]
    public void A_compare_and_swap_of_the_past_has_lost()
    {
        var told = Submit(_leader, 1, Given.Insert(Given.D, Three.Tag with { Version = -1 }));

        Assert.Equal(Answer.Lost, Assert.IsType<Submitted>(told).Answer);
    }

    // "an etag newer than the leader's state makes the leader catch up first"
    [Fact]
    public void A_compare_and_swap_of_the_future_makes_the_leader_catch_up_first()
    {
        var told = Submit(_leader, 1, Given.Insert(Given.D, Three.Tag with { Version = 9 }));

        Assert.Null(told);
        Assert.Single(_leader.Asked<Fetch>(Given.B));
    }

    // "recent makes retries through another voter return the first outcome"
    [Fact]
    public void A_retry_of_what_was_committed_is_told_so_and_not_run_again()
    {
        Commit(_leader, Given.Change(Given.D, 1, new DeleteAll()));

        var told = Submit(_leader, 1, new DeleteAll());

        Assert.Equal(Answer.Done, Assert.IsType<Submitted>(told).Answer);
        Assert.Equal(1, _leader.State.Index);
    }

    // "an id older than that is answered 'unknown', never run again"
    [Fact]
    public void A_retry_older_than_what_is_remembered_is_answered_unknown()
    {
        for (var number = 10; number < 10 + Recent.Kept; number++)
            Commit(_leader, Given.Change(Given.D, number, new DeleteAll()));

        var told = Submit(_leader, 9, new DeleteAll());

        Assert.Equal(Answer.Unknown, Assert.IsType<Submitted>(told).Answer);
    }

    [Fact]
    public void What_a_silo_asked_for_is_forgotten_with_its_row()
    {
        var silo = Given.Member("d");
        Commit(_leader, Given.Change(silo, 1, Given.Insert(silo, Three.Tag)));
        Assert.True(_leader.State.Recent.Holds(new RequestId(silo.Nonce, 1)));
        _leader.Ask(silo, new Heartbeat(new RequestId(silo.Nonce, 2), new Beat(silo.Silo, 77)));

        Commit(_leader, Given.Change(Given.B, 1, new Cleanup(0, false, Sequence.Of(silo.Silo))));

        Assert.Equal([Given.B.Nonce], _leader.State.Recent.Committed.Keys);
        Assert.Empty(_leader.Replica.Beats);
    }

    // "heartbeats move neither version nor etags"
    [Fact]
    public void A_heartbeat_moves_neither_version_nor_index()
    {
        _leader.Ask(Given.D, new Heartbeat(new RequestId(Given.D.Nonce, 1), new Beat(Given.D.Silo, 77)));
        _leader.Ask(Given.D, new Heartbeat(new RequestId(Given.D.Nonce, 2), new Beat(Given.D.Silo, 55)));

        Assert.Equal(77, _leader.Replica.Beats[Given.D.Silo]);
        Assert.Equal((0, 0L), (_leader.State.Table.Version, _leader.State.Index));
    }

    [Fact]
    public void A_leader_that_was_deposed_sends_its_callers_on()
    {
        Submit(_leader, 1, Given.Insert(Given.D, Three.Tag));
        _leader.Ask(Given.B, new Decided(new News(
            1, Sequence.Of<Command>(new SetVoters(Sequence.Of(Given.B, Given.A, Given.C))), null)));

        var told = _leader.Effects.OfType<Send>().Select(send => send.Envelope.Body).OfType<Submitted>().Single();
        Assert.Equal((Answer.Elsewhere, 1), (told.Answer, told.News.Commands.Count));
    }

    [Fact]
    public void A_caller_that_is_behind_is_sent_back_with_the_news_and_passes_nobody_over()
    {
        var next = new ByHand(Given.B, Three);
        Commit(next, new NoOp());

        var told = Submit(next, 1, Given.Insert(Given.D, Three.Tag));

        Assert.Equal(Answer.Elsewhere, Assert.IsType<Submitted>(told).Answer);
        Assert.DoesNotContain(next.Traces, trace => trace.Event == "TakingOver");
    }

    private static Message? Submit(ByHand voter, long number, TableCommand change) =>
        voter.Ask(Given.D, new Submit(new RequestId(Given.D.Nonce, number), change, 0));

    private static void Commit(ByHand replica, Command command) =>
        replica.Ask(Given.C, new Decided(new News(replica.State.Index + 1, Sequence.Of(command), null)));
}
