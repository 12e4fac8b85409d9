using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>What a replica takes in and hands on (protocol §§ 4, 7, 8).</summary>
public class LocalTests
{
    private static readonly Epoch Next = new(2, Given.D.Nonce);
    private static readonly ClusterState First = Given.State(Given.A, Given.B, Given.C);

    private readonly Local _local = new(new Settings(), Given.Key, Given.B, 42);

    public LocalTests() => _local.Install(First);

    // "catches up from any member (commands, else a snapshot)": 512 commands are kept.
    [Fact]
    public void Who_lags_by_more_commands_than_are_kept_gets_the_whole_state()
    {
        for (var i = 0; i < 513; i++) _local.Apply(new NoOp());

        Assert.Equal(_local.State, _local.NewsAfter(0).Snapshot);
        var news = _local.NewsAfter(1);
        Assert.Equal((2L, 512, null), (news.First, news.Commands.Count, news.Snapshot));
    }

    // Commands from before a jump do not follow the state that it jumped to.
    [Fact]
    public void What_was_applied_before_a_jump_is_handed_on_no_more()
    {
        _local.Apply(new NoOp());
        Assert.True(_local.Install(First with { Index = 50 }));
        _local.Apply(new NoOp());

        Assert.Equal(_local.State, _local.NewsAfter(49).Snapshot);
        Assert.Equal((51L, 1), (_local.NewsAfter(50).First, _local.NewsAfter(50).Commands.Count));
    }

    [Fact]
    public void A_state_of_another_cluster_is_never_installed()
    {
        var other = First with { Key = new ClusterKey("service", "another"), Index = 9 };

        Assert.False(_local.Install(other));
        Assert.False(new Local(new Settings(), Given.Key, Given.B, 42).Install(other));
    }

    // "From its promise on a witness refuses messages of lower epochs, late replies included, for good"
    [Fact]
    public void After_a_promise_it_takes_in_nothing_of_its_epoch_and_nothing_but_the_epoch_promised()
    {
        _local.Promise(Next);

        _local.Install(new News(1, Sequence.Of<Command>(new NoOp()), null));
        Assert.False(_local.Install(First with { Index = 9 }));
        Assert.False(_local.Install(First with { Index = 9, Epoch = Next with { Number = 3 } }));
        Assert.Equal(First, _local.State);

        Assert.True(_local.Install(First with { Epoch = Next }));
    }

    [Fact]
    public void A_promise_is_never_taken_back()
    {
        _local.Promise(Next);

        Assert.Throws<InvariantBrokenException>(() => _local.Promise(new Epoch(2, Given.C.Nonce)));
    }

    // Fatal once; one that yields, and so ends at leisure, may still learn that it was left behind.
    [Fact]
    public void A_process_is_told_once_to_end_and_once_more_if_there_is_no_time_left()
    {
        _local.End(EndReason.Yields, "");
        _local.End(EndReason.Yields, "");
        Assert.True(_local.MayTakePart);

        _local.End(EndReason.LeftBehind, "");
        _local.End(EndReason.Fenced, "");
        _local.End(EndReason.Yields, "");

        Assert.False(_local.MayTakePart);
        Assert.Equal(
            [EndReason.Yields, EndReason.LeftBehind],
            _local.Take().OfType<EndProcess>().Select(end => end.Reason));
    }

    // "A heartbeat of a silo without a row is not handed on."
    [Fact]
    public void The_heartbeat_of_a_silo_without_a_row_is_kept_and_not_handed_on()
    {
        _local.Keep(Sequence.Of(new Beat(Given.D.Silo, 7), new Beat(Given.E.Silo, 8)));
        Assert.Empty(_local.AllBeats());

        _local.Apply(Given.Change(Given.D, 1, Given.Insert(Given.D, First.Tag)));

        Assert.Equal(new Beat(Given.D.Silo, 7), Assert.Single(_local.AllBeats()));
    }
}
