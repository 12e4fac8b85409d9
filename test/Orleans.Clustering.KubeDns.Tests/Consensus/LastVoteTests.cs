using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// To whom the vote goes when nobody stays (protocol § 6); a leads, and is told to stop like all others.
/// </summary>
public class LastVoteTests
{
    private static readonly Row Written = Given.Row(Given.A, SiloState.Dead);

    // "one that has written its last row gives its vote to those that have not": of those that vote already, and to an
    // odd number of them.
    [Fact]
    public void A_leaver_that_has_written_leaves_the_vote_to_an_odd_number_of_the_voters_that_have_not()
    {
        var leader = new ByHand(Given.A, Stopping(Given.State(Given.A, Given.B, Given.C).With(Written)));
        Leave(leader, Given.D, Given.B, Given.C);

        Assert.Equal(Sequence.Of(Given.B), Proposed(leader));
    }

    [Fact]
    public void Three_voters_that_have_not_written_go_on_together()
    {
        var voters = Given.State(Given.A, Given.E, Given.C, Given.B);
        var leader = new ByHand(Given.A, Stopping(voters.With(Written).With(Given.Row(Given.E, SiloState.Stopping))));
        Leave(leader, Given.B, Given.C, Given.D, Given.E);

        Assert.Equal(Sequence.Of(Given.E, Given.C, Given.B), Proposed(leader));
    }

    // "If nobody stays, it keeps its vote until no member that answers still has a row to write": itself included.
    [Fact]
    public void A_sole_voter_that_has_not_written_itself_keeps_its_vote()
    {
        var leader = new ByHand(Given.A, Stopping(Given.State(Given.A).With(Given.A)));
        Leave(leader, Given.B, Given.C, Given.D);

        Assert.Equal(Sequence.Of(Given.A), leader.State.Voters);
        Assert.False(leader.Replica.HasHandedOver);
    }

    // "(sole voter: to a learner that is up to date)"
    [Fact]
    public void The_last_vote_goes_to_a_leaver_that_is_up_to_date()
    {
        var leader = new ByHand(Given.A, Stopping(Given.State(Given.A).With(Written) with { Index = 50 }));
        leader.Step(new Leave());
        leader.Answers(Given.B, index: 30, leaving: true);
        leader.Answers(Given.C, index: 50, leaving: true);
        leader.Wait(300);

        Assert.Equal(Sequence.Of(Given.C), leader.State.Voters);
    }

    // "until no member that answers still has a row to write": one that is silent cannot be helped.
    [Fact]
    public void The_last_vote_goes_to_nobody_who_is_silent()
    {
        var leader = new ByHand(Given.A, Stopping(Given.State(Given.A).With(Written)));
        leader.Answers(Given.B, leaving: true);
        leader.Wait(6_000);
        Leave(leader, Given.C);

        Assert.Equal(Sequence.Of(Given.C), leader.State.Voters);
    }

    // And is waited for no longer than for an answer.
    [Fact]
    public void A_leaver_waits_for_nobody_who_has_been_silent_for_long()
    {
        var leader = new ByHand(Given.A, Stopping(Given.State(Given.A).With(Written)));
        leader.Answers(Given.B, leaving: true);
        leader.Wait(6_000);
        leader.Step(new Leave());
        leader.Wait(900);
        Assert.False(leader.Replica.HasHandedOver);

        leader.Wait(200);
        Assert.True(leader.Replica.HasHandedOver);
    }

    // The same of one that has ended: it answered a moment ago, and its address is another cluster's by now.
    [Fact]
    public void A_leaver_waits_for_nobody_who_has_ended()
    {
        var leader = new ByHand(Given.A, Given.State(Given.A, Given.C).With(Written).With(Given.C));
        leader.Answers(Given.C);
        leader.Now += 500;
        leader.AnswersAsAnotherCluster(Given.C);
        leader.Wait(1_000);
        Assert.Contains(leader.Traces, trace => trace.Event == "MemberEnded");

        leader.Step(new Leave());

        Assert.True(leader.Replica.HasHandedOver);
    }

    // "It stops listening only when a majority of the new voters have applied the change": who has ended never will.
    [Theory]
    [InlineData("abc", true)]
    [InlineData("ab", false)]
    public void A_leaver_that_does_not_vote_may_stop_without_a_word_once_all_voters_have_written(
        string written, bool mayStop)
    {
        var state = Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D);
        foreach (var letter in written) state = state.With(Given.Row(Amid.Member(letter), SiloState.Dead));
        var leaver = new ByHand(Given.D, state);
        leaver.Step(new Leave());

        Assert.Equal(mayStop, leaver.Replica.HasHandedOver);
    }

    private static ClusterState Stopping(ClusterState state)
    {
        foreach (var member in new[] { Given.B, Given.C, Given.D })
            state = state.With(Given.Row(member, SiloState.ShuttingDown));
        return state;
    }

    // The leader hears that all the others leave before it may look whom to give its vote.
    private static void Leave(ByHand leader, params MemberId[] others)
    {
        leader.Step(new Leave());
        foreach (var other in others) leader.Answers(other, leaving: true);
        leader.Wait(300);
    }

    private static Sequence<MemberId>? Proposed(ByHand leader) =>
        leader.Sent.Select(send => send.Envelope.Body).OfType<Accept>().Select(accept => accept.Command)
            .OfType<SetVoters>().FirstOrDefault()?.Voters;
}
