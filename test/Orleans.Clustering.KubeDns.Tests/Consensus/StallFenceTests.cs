using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>What a member that was away does not do until it has looked around (protocol § 4, stall fence).</summary>
public class StallFenceTests
{
    private readonly ByHand _b = new(
        Given.B, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C));

    public StallFenceTests()
    {
        _b.Answers(Given.A);
        _b.Answers(Given.C);
        _b.Wait(100);
    }

    private bool IsFenced => _b.Traces.FindLastIndex(trace => trace.Event == "LocalStall")
        > _b.Traces.FindLastIndex(trace => trace.Event == "LookedAround");

    // "A member whose own loop ran more than StallFence late"; a step is due once a second
    [Theory]
    [InlineData(6_000, 0, false)]
    [InlineData(6_002, 0, true)]
    [InlineData(100, 60, true)]
    [InlineData(100, -60, true)]
    public void Is_fenced_if_either_clock_shows_that_it_was_away(long monotonic, long wall, bool isFenced)
    {
        var b = new Replica(new Settings(), Given.Key, Given.B, 42);
        b.Step(0, 1_000_000, new Tick());
        var fetched = new Fetched(new News(0, default, Given.State(Given.A, Given.B, Given.C)), default);
        b.Step(0, 1_000_000, new Received(0, new Envelope(
            Given.Key, Given.A, Given.B.Nonce, Given.Lineage, Given.Epoch, fetched)));

        var effects = b.Step(monotonic, 1_000_000 + wall, new Tick());

        Assert.Equal(isFenced, effects.OfType<Trace>().Any(trace => trace.Event == "LocalStall"));
    }

    [Fact]
    public void Who_has_no_lineage_has_nothing_to_be_late_for()
    {
        var d = new ByHand(Given.D);
        d.Now += 60_000;
        d.Step(new Tick());

        Assert.DoesNotContain(d.Traces, trace => trace.Event == "LocalStall");
    }

    // "neither votes nor leads, answers no read"
    [Fact]
    public void Votes_on_nothing_and_answers_no_read()
    {
        Stall();
        var command = Given.Change(Given.A, 1, Given.Insert(Given.D, default));

        Assert.IsType<Elsewhere>(_b.Ask(Given.A, new Accept(1, new Ballot(0, Given.A.Nonce), command)));
        Assert.IsType<Elsewhere>(_b.Ask(Given.C, new Prepare(1, new Ballot(1, Given.C.Nonce))));
        Assert.IsType<Elsewhere>(_b.Ask(Given.A, new Probe(1)));
        Assert.Null(_b.Ask(Given.D, new Fetch(-1)));
    }

    // "believes no reply but to a greeting"
    [Fact]
    public void Believes_no_reply_that_was_on_its_way()
    {
        Stall();
        var command = Given.Change(Given.A, 1, Given.Insert(Given.D, Given.State(Given.A).Tag));

        _b.Tell(Given.A, new Ahead(1, new News(1, Sequence.Of<Command>(command), null)));

        Assert.Equal(0, _b.State.Index);
    }

    // "until it has greeted every known member once, all at once, and each has answered"
    [Fact]
    public void Is_back_once_all_have_answered_a_greeting_sent_since()
    {
        Stall();
        Assert.Equal(2, _b.Effects.OfType<Send>().Count(send => send.Envelope.Body is Greet));
        _b.Now += 10;
        _b.Answers(Given.A);
        Assert.True(IsFenced);

        _b.Answers(Given.C);

        Assert.False(IsFenced);
        Assert.IsType<Mark>(_b.Ask(Given.A, new Probe(2)));
    }

    // A learner without a row, too, silent for longer than the stall, or whose refusal woke us (seed 7025860).
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Is_not_back_while_a_learner_that_it_knows_has_not_answered(bool refused)
    {
        _b.Answers(Given.D);
        if (!refused) _b.Now += 40_000;
        Stall();
        if (refused) _b.Refuses(Given.D);
        foreach (var member in new[] { Given.A, Given.C }) _b.Answers(member);
        Assert.True(IsFenced);

        _b.Answers(Given.D);

        Assert.False(IsFenced);
    }

    [Fact]
    public void An_answer_to_a_greeting_from_before_brings_nobody_back()
    {
        var before = _b.Now;
        Stall();
        foreach (var member in new[] { Given.A, Given.C }) _b.Tell(member, new Greeting(before, 1, 0, false, default));

        Assert.True(IsFenced);
    }

    // "or 1 s is over"
    [Fact]
    public void Is_back_after_a_second_whoever_is_silent()
    {
        Stall();
        _b.Wait(990);
        Assert.True(IsFenced);

        _b.Wait(200);

        Assert.False(IsFenced);
    }

    // "and it has heard of no higher epoch"
    [Fact]
    public void Ends_if_the_others_went_on_in_a_higher_epoch()
    {
        Stall();
        _b.Step(new Received(0, new Envelope(
            Given.Key, Given.A, Given.B.Nonce, Given.Lineage, new Epoch(2, Given.A.Nonce),
            new Greeting(_b.Now, 1, 9, false, default))));

        Assert.Contains(_b.Effects, effect => effect is EndProcess { Reason: EndReason.LeftBehind });
    }

    // "What it missed while it was away is evidence against nobody"
    [Fact]
    public void Refusals_from_before_count_no_more()
    {
        for (var i = 0; i < 6; i++)
        {
            _b.Now += 250;
            _b.Refuses(Given.C);
        }

        Stall();
        _b.Now += 10;
        _b.Answers(Given.A, refusals: new Refusal(Given.C.Nonce, 1_600, 6));
        _b.Refuses(Given.C);
        _b.Now += 10;
        _b.Answers(Given.A, refusals: new Refusal(Given.C.Nonce, 1_600, 6));
        _b.Wait(1_500);

        Assert.DoesNotContain(_b.Traces, trace => trace.Event == "MemberEnded");
    }

    // "failed attempts [...] count from its return"
    [Fact]
    public void Attempts_that_failed_before_lose_no_majority()
    {
        foreach (var member in new[] { Given.A, Given.C })
        {
            for (var i = 0; i < 4; i++) _b.Step(new Undelivered(member.Address, default, WasRefused: false));
        }

        Stall();
        _b.Wait(900);

        Assert.Equal(-1, _b.Replica.LostSince);
    }

    private void Stall()
    {
        _b.Now += 10_000;
        _b.Step(new Tick());
        Assert.True(IsFenced);
    }
}
