using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Two states of one cluster that meet (protocol § 8): a leads one alone, e another.</summary>
public class MeetingTests
{
    private static readonly Guid Other = Guid.Parse("22222222-3333-4444-5555-666666666666");
    private static readonly ClusterState Ours = Given.State(Given.A).With(Given.A) with { FormedAt = 100 };

    private readonly Amid _a = Alone(Ours);

    private bool Yielded => _a.Hand.State.YieldsTo == Other;

    // "same lineage, lower epoch than met -> we were left behind: fatal"
    [Fact]
    public void A_higher_epoch_of_our_lineage_leaves_us_behind()
    {
        Meets(_a, Given.Lineage, new Epoch(2, Given.E.Nonce), Quorate(100));

        Assert.Contains(_a.Hand.Effects, effect => effect is EndProcess { Reason: EndReason.LeftBehind });
    }

    [Fact]
    public void A_lower_epoch_of_our_lineage_is_none_of_our_concern()
    {
        Meets(_a, Given.Lineage, new Epoch(0, Given.E.Nonce), Quorate(100));

        Assert.DoesNotContain(_a.Hand.Effects, effect => effect is EndProcess);
    }

    // "else the one with the later formedAt (then the greater lineage), by committing Yield in its own log"
    [Theory]
    [InlineData(99, true)]
    [InlineData(101, false)]
    public void Of_two_that_work_the_one_formed_later_yields(long theirs, bool yields)
    {
        MeetsFor(5_000, Quorate(theirs));

        Assert.Equal(yields, Yielded);
        Assert.Equal(yields, _a.Saw("Yielding"));
    }

    [Fact]
    public void Formed_at_once_the_greater_lineage_yields()
    {
        MeetsFor(5_000, Quorate(100));
        Assert.True(Other.CompareTo(Given.Lineage) > 0);

        Assert.False(Yielded);
    }

    // "the one without a working majority yields"
    [Fact]
    public void To_one_that_does_not_work_nobody_yields()
    {
        MeetsFor(60_000, new Standing(false, default, 1, ""));

        Assert.False(Yielded);
        Assert.False(_a.Saw("LineageConflict"));
    }

    // "the one of whose members none is listed while the other's are [...] it must have listed theirs and none of ours
    // for RemovedFor"
    [Fact]
    public void The_one_that_DNS_does_not_list_yields_once_that_has_held_for_long_enough()
    {
        _a.Discovered = "e";
        MeetsFor(9_000, Quorate(101));
        Assert.False(Yielded);

        MeetsFor(5_000, Quorate(101));

        Assert.True(Yielded);
    }

    // "while it lists ours and none of theirs, we wait for them to see that"
    [Fact]
    public void The_one_that_DNS_lists_alone_waits()
    {
        _a.Discovered = "a";
        MeetsFor(60_000, Quorate(99));

        Assert.False(Yielded);
    }

    // "A member without a majority yields by itself once its majority was lost for RescueAfter"
    [Fact]
    public void Without_a_majority_it_gives_way_to_one_that_works()
    {
        var b = Alone(Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C), Given.B);
        MeetsFor(30_000, Quorate(200), b);

        Assert.True(b.Saw("Yielding"));
        Assert.True(Greeting(b).Standing.Yields);
    }

    // "who meets a working cluster of another lineage begins no rescue": it would become a second one, and if it was
    // formed first the other would have to end. Here two of three voters joined the other before they were told.
    [Fact]
    public void Without_a_majority_it_rescues_nobody_from_one_that_works()
    {
        var b = Alone(Given.State(Given.A, Given.B, Given.C) with { FormedAt = 100 }, Given.B);
        (b.Discovered, b.Ready) = ("abc", "abc");
        b.Hand.Wait(300);
        for (var i = 0; i < 100 && !b.Saw("Yielding"); i++)
        {
            Meets(b, Other, new Epoch(1, Given.E.Nonce), Quorate(200), 'a');
            Meets(b, Other, new Epoch(1, Given.E.Nonce), Quorate(200), 'c');
            b.Pass(500);
            var waits = b.Hand.Replica.RescueWaitsFor.Length > 0;
            if (waits) Assert.Equal("other_cluster", b.Hand.Replica.RescueBlockedBy);
        }

        Assert.True(b.Saw("Yielding"));
        Assert.True(b.Saw("RescueWaiting"));
        Assert.False(b.Saw("RescueBegun"));
    }

    // "if both have one, [...] by committing Yield in its own log": without one, a Yield would be decided when it is
    // back, whatever the two have come to see of each other by then.
    [Fact]
    public void A_leader_without_a_majority_proposes_no_yield()
    {
        var a = Alone(Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C) with { FormedAt = 100 });
        MeetsFor(4_000, Quorate(99), a);

        Assert.DoesNotContain(a.Hand.Sent, send => send.Envelope.Body is Accept { Command: Yield });
    }

    // "if neither has one, both wait"
    [Fact]
    public void Without_a_majority_it_waits_for_one_that_has_none_either()
    {
        var b = Alone(Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C), Given.B);
        MeetsFor(30_000, new Standing(false, default, 1, ""), b);

        Assert.False(b.Saw("Yielding"));
    }

    // "nobody joins a lineage that gives way; its members say so with their standing and answer no Fetch of a process
    // without lineage"
    [Fact]
    public void One_that_gives_way_takes_nobody_in()
    {
        Assert.IsType<Fetched>(_a.Hand.Ask(Given.B, new Fetch(-1)));
        MeetsFor(5_000, Quorate(99));

        Assert.True(Greeting(_a).Standing.Yields);
        Assert.Null(FetchWithoutLineage());
    }

    // As soon as it is decided, not only once the process has begun to end.
    [Fact]
    public void One_whose_leader_decided_so_says_that_it_gives_way()
    {
        var b = Alone(Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C), Given.B);
        b.Hand.Ask(Given.A, new Decided(new News(1, Sequence.Of<Command>(new Yield(Other)), null)));
        Assert.False(b.Saw("Yielding"));

        Assert.True(Greeting(b).Standing.Yields);
    }

    // "a silo without a majority may be gone from the discovery service" for FenceAfter
    [Fact]
    public void A_deleted_pod_without_a_majority_ends_itself()
    {
        var b = Alone(Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C), Given.B);
        (b.Greeted, b.Answering, b.Discovered, b.Ready) = ("ac", "", "ac", "ac");
        b.Pass(50_000);
        Assert.False(b.Saw("Fenced"));

        b.Pass(20_000);

        Assert.True(b.Saw("Fenced"));
    }

    // A pod that DNS lists no more goes on for as long as it reaches a majority.
    [Fact]
    public void A_deleted_pod_with_a_majority_goes_on()
    {
        var b = Alone(Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C), Given.B);
        (b.Greeted, b.Answering, b.Discovered, b.Ready) = ("ac", "ac", "ac", "ac");
        b.Pass(90_000);

        Assert.False(b.Saw("Fenced"));
    }

    // "then the greater lineage"
    [Fact]
    public void Formed_at_once_the_one_of_the_greater_lineage_yields_to_the_other()
    {
        var a = Alone(Ours with { Lineage = Other });
        for (var i = 0; i < 10; i++)
        {
            a.Pass(500);
            Meets(a, Given.Lineage, new Epoch(1, Given.E.Nonce), Quorate(100));
        }

        Assert.Equal(Given.Lineage, a.Hand.State.YieldsTo);
    }

    // What was met long ago may be no more.
    [Fact]
    public void Without_a_majority_it_does_not_give_way_to_one_that_answers_no_more()
    {
        var b = Alone(Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C), Given.B);
        (b.Greeted, b.Answering) = ("ac", "");
        MeetsFor(1_000, Quorate(200), b);
        b.Pass(30_000);

        Assert.True(b.Hand.Replica.LostSince >= 0);
        Assert.False(b.Saw("Yielding"));
    }

    // "the one of whose members none is listed while the other's are": a third lineage's are not the other's.
    [Fact]
    public void That_DNS_lists_a_third_lineage_decides_nothing()
    {
        _a.Discovered = "f";
        for (var i = 0; i < 40; i++)
        {
            Meets(_a, Guid.NewGuid(), new Epoch(1, Given.E.Nonce), new Standing(false, default, 1, ""), 'f');
            MeetsFor(500, Quorate(101));
        }

        Assert.False(Yielded);
    }

    // "Answers with a foreign ClusterKey [...] are ignored": what was met there before is there no more.
    [Fact]
    public void One_whose_address_is_another_clusters_by_now_is_not_met()
    {
        Meets(_a, Other, new Epoch(1, Given.E.Nonce), Quorate(99));
        _a.Hand.Wait(1);
        _a.Hand.AnswersAsAnotherCluster(Given.E);
        _a.Pass(4_000);

        Assert.False(Yielded);
        Assert.False(_a.Saw("LineageConflict"));
    }

    private static Amid Alone(ClusterState state, MemberId? self = null) =>
        new(new ByHand(self ?? Given.A, state)) { Greeted = "", Discovered = "ae", Ready = "ae" };

    private static Greeting Greeting(Amid amid) =>
        Assert.IsType<Greeting>(amid.Hand.Ask(Given.B, new Greet(1, 1, -1, false, default)));

    private static Standing Quorate(long formedAt) => new(true, default, formedAt, "");

    private void MeetsFor(long ms, Standing standing, Amid? amid = null)
    {
        amid ??= _a;
        if (amid != _a) (amid.Greeted, amid.Answering) = ("ac", "");
        for (var until = amid.Hand.Now + ms; amid.Hand.Now < until;)
        {
            amid.Pass(500);
            Meets(amid, Other, new Epoch(1, Given.E.Nonce), standing);
        }
    }

    private static void Meets(Amid amid, Guid lineage, Epoch epoch, Standing standing, char letter = 'e') =>
        amid.Hand.Step(new Received(0, new Envelope(
            Given.Key, Amid.Member(letter), amid.Hand.Self.Nonce, lineage, epoch,
            new Greeting(amid.Hand.Now, 60_000, 5, false, default) { Standing = standing })));

    private Message? FetchWithoutLineage()
    {
        _a.Hand.Step(new Received(9, new Envelope(
            Given.Key, Given.B, Given.A.Nonce, Guid.Empty, default, new Fetch(-1))));
        return _a.Hand.Effects.OfType<Send>().SingleOrDefault(send => send.Handle == 9)?.Envelope.Body;
    }
}
