using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>The replicated state, and what it remembers of requests (protocol §§ 3, 4, 7).</summary>
public class ClusterStateTests
{
    private static readonly ClusterState Of = Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C);

    // "the state tells the index of the last SetVoters: a change and its undoing look like no change"
    [Fact]
    public void The_voters_of_a_rescued_state_are_those_of_its_own_index()
    {
        var state = Of.Apply(new NoOp()).Apply(new SetVoters(Of.Voters)).Apply(new NoOp());
        Assert.Equal((3L, 2L), (state.Index, state.VotersAt));

        var rescued = state.Rescue(new Epoch(2, Given.B.Nonce), null, [Given.A], Sequence.Of(Given.B));

        Assert.Equal((4L, 4L), (rescued.Index, rescued.VotersAt));
    }

    // "The index goes on by one", with a value in flight or without.
    [Fact]
    public void A_rescue_takes_one_slot_though_it_appends_a_value_and_remembers_who_asked_for_it()
    {
        var inFlight = Given.Change(Given.D, 7, Given.Insert(Given.D, Of.Tag));

        var rescued = Of.Rescue(new Epoch(2, Given.B.Nonce), inFlight, [Given.A], Sequence.Of(Given.B));

        Assert.Equal(1, rescued.Index);
        Assert.True(rescued.Recent.Holds(inFlight.Id!.Value));
        Assert.NotNull(rescued.Table.RowOf(Given.D));
    }

    // "it holds a stated number of the newest ids per member, and an id older than that is answered unknown"
    [Fact]
    public void The_newest_requests_of_a_member_are_remembered_whatever_their_order()
    {
        var recent = Remember(Enumerable.Range(2, Recent.Kept).Append(1));

        Assert.All(Enumerable.Range(2, Recent.Kept), number => Assert.True(recent.Holds(Id(number))));
        Assert.False(recent.Holds(Id(1)));
        Assert.True(recent.MayHaveForgotten(Id(1)));
        Assert.Equal(Recent.Kept, recent.Committed[Given.D.Nonce].Count);
    }

    [Fact]
    public void Nothing_is_forgotten_before_as_many_came_as_are_kept()
    {
        var recent = Remember(Enumerable.Range(10, Recent.Kept - 1));

        Assert.False(recent.MayHaveForgotten(Id(9)));
        Assert.True(Remember(Enumerable.Range(10, Recent.Kept)).MayHaveForgotten(Id(9)));
        Assert.False(Remember(Enumerable.Range(10, Recent.Kept)).MayHaveForgotten(Id(10)));
    }

    private static RequestId Id(long number) => new(Given.D.Nonce, number);

    private static Recent Remember(IEnumerable<int> numbers) =>
        numbers.Aggregate(Recent.Empty, (recent, number) => recent.Add(Id(number)));
}
