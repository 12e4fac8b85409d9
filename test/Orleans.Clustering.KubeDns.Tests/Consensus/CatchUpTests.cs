using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Fetching what others have, and handing on what we have (protocol §§ 4, 5, 8).</summary>
public class CatchUpTests
{
    private static readonly Guid Other = Guid.Parse("22222222-3333-4444-5555-666666666666");

    private readonly ByHand _b = new(Given.B, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B));

    private IEnumerable<Fetch> Fetches => _b.Asked<Fetch>(Given.A);

    // "at once when a later Decided or a greeting shows the gap"
    [Fact]
    public void Fetches_from_whoever_is_further()
    {
        _b.Answers(Given.A, index: 3);

        Assert.Equal(0, Assert.Single(Fetches).Index);
    }

    [Fact]
    public void Does_not_fetch_from_one_that_is_no_further()
    {
        _b.Answers(Given.A, index: 0);

        Assert.Empty(Fetches);
    }

    [Fact]
    public void Fetches_nothing_of_another_lineage()
    {
        _b.Step(Reply(Other, new Epoch(1, Given.A.Nonce), new Greeting(_b.Now, 1, 7, false, default)));

        Assert.Empty(Fetches);
    }

    // "Anyone who misses it catches up from any member (commands, else a snapshot)"
    [Fact]
    public void Hands_on_the_commands_that_another_lacks()
    {
        Decide();

        var news = Assert.IsType<Fetched>(_b.Ask(Given.C, new Fetch(0))).News;

        Assert.Equal((1L, 1), (news.First, news.Commands.Count));
        Assert.Null(news.Snapshot);
    }

    [Fact]
    public void Hands_a_process_without_lineage_the_whole_state()
    {
        Decide();
        _b.Step(new Received(5, new Envelope(
            Given.Key, Given.D, Given.B.Nonce, Guid.Empty, default, new Fetch(-1))));

        var fetched = Assert.IsType<Fetched>(
            Assert.Single(_b.Effects.OfType<Send>(), send => send.Handle == 5).Envelope.Body);
        Assert.Equal(_b.State, fetched.News.Snapshot);
    }

    [Fact]
    public void Hands_nothing_to_another_lineage()
    {
        _b.Step(new Received(5, new Envelope(
            Given.Key, Given.D, Given.B.Nonce, Other, new Epoch(1, Given.D.Nonce), new Fetch(-1))));

        Assert.DoesNotContain(_b.Effects.OfType<Send>(), send => send.Handle == 5 && send.Envelope.Body is Fetched);
    }

    // Who was left in a lower epoch gets the state whole, whatever it says of its own index.
    [Fact]
    public void Hands_one_of_a_lower_epoch_the_whole_state()
    {
        Decide();
        _b.Step(new Received(5, new Envelope(
            Given.Key, Given.D, Given.B.Nonce, Given.Lineage, Given.Epoch with { Number = 0 }, new Fetch(0))));

        var fetched = Assert.IsType<Fetched>(
            Assert.Single(_b.Effects.OfType<Send>(), send => send.Handle == 5).Envelope.Body);
        Assert.Equal(_b.State, fetched.News.Snapshot);
    }

    // "Who misses Rescued fetches the state of the epoch that it promised from anybody who has it."
    [Fact]
    public void Fetches_and_takes_in_the_state_of_the_epoch_that_it_promised()
    {
        var (amid, next) = (new Amid(_b), new Epoch(2, Given.D.Nonce));
        amid.Pass(5_000);
        (amid.Greeted, amid.Answering, amid.Ready) = ("acd", "d", "bd");
        amid.Pass(12_000);
        Assert.IsType<RescuePromise>(_b.Ask(Given.D, new RescuePrepare(next, Amid.Nonces(Given.B, Given.D))));

        _b.Step(new Received(0, new Envelope(
            Given.Key, Given.D, Given.B.Nonce, Given.Lineage, next, new Greeting(_b.Now, 1, 0, false, default))));
        Assert.Single(_b.Asked<Fetch>(Given.D));
        var state = _b.State.Rescue(next, null, [Given.A, Given.C], Sequence.Of(Given.D));
        var fetched = new Fetched(new News(0, default, state), default);
        _b.Step(new Received(0, new Envelope(Given.Key, Given.D, Given.B.Nonce, Given.Lineage, next, fetched)));

        Assert.Equal(next, _b.State.Epoch);
    }

    [Fact]
    public void Keeps_the_heartbeats_that_come_with_the_state()
    {
        _b.Tell(Given.A, new Fetched(News.None, Sequence.Of(new Beat(Given.A.Silo, 77))));

        Assert.Equal(77, _b.Replica.Beats[Given.A.Silo]);
    }

    // As if it had not started: it does not join by a reply to what it asked before either.
    [Fact]
    public void A_misnamed_process_takes_in_no_state()
    {
        var d = new ByHand(Given.D);
        d.Step(new Viewed(new View(
            d.Now, true, Sequence.Of(new ListedPeer(Given.D.Fqdn, Given.D.Address)), 1_000, IsMisnamed: true)));

        d.Tell(Given.A, new Fetched(new News(0, default, Given.State(Given.A)), default));

        Assert.Null(d.Replica.State);
    }

    // "A reply to Fetch was not held against lineage and epoch" (§ 11)
    [Fact]
    public void Takes_in_no_reply_of_another_epoch_that_it_did_not_promise()
    {
        var other = new Epoch(2, Given.A.Nonce);
        var state = _b.State.Rescue(other, null, [Given.C], Sequence.Of(Given.A));

        _b.Step(Reply(Given.Lineage, other, new Fetched(new News(0, default, state), default)));

        Assert.Equal(Given.Epoch, _b.State.Epoch);
    }

    // "A process without lineage that meets several takes the one with a working majority"
    [Fact]
    public void A_process_without_lineage_takes_one_that_works()
    {
        var d = new ByHand(Given.D);
        d.Step(Greets(Given.A, Given.Lineage, isQuorate: true, yields: false));
        d.Step(Greets(Given.C, Other, isQuorate: false, yields: false));

        Assert.Contains(d.Sent, send => send.To == Given.A.Address && send.Envelope.Body is Fetch);
        Assert.DoesNotContain(d.Sent, send => send.To == Given.C.Address && send.Envelope.Body is Fetch);
    }

    // "takes the one with a working majority, else the one formed first"; of one lineage the higher epoch
    [Theory]
    [InlineData(false, 1, true, 1)]
    [InlineData(true, 2, true, 1)]
    [InlineData(true, 1, false, 0)]
    public void A_process_without_lineage_does_not_take_a_worse_one_than_it_knows_of(
        bool isQuorate, long formedAt, bool otherLineage, int epoch)
    {
        Assert.True(Given.Lineage.CompareTo(Other) < 0);
        var d = new ByHand(Given.D);
        d.Step(Greets(Given.A, otherLineage ? Other : Given.Lineage, 1, isQuorate: true, formedAt: 1));
        Assert.Single(d.Asked<Fetch>(Given.A));
        d.Now += 1_000;
        d.Step(Greets(Given.C, Given.Lineage, epoch, isQuorate, formedAt));

        Assert.Empty(d.Asked<Fetch>(Given.C));
    }

    // "nobody joins a lineage that gives way"
    [Fact]
    public void A_process_without_lineage_takes_none_that_gives_way()
    {
        var d = new ByHand(Given.D);
        d.Step(Greets(Given.A, Given.Lineage, isQuorate: true, yields: true));

        Assert.DoesNotContain(d.Sent, send => send.Envelope.Body is Fetch);
    }

    private static Received Greets(MemberId from, Guid lineage, bool isQuorate, bool yields) => new(0, new Envelope(
        Given.Key, from, Given.D.Nonce, lineage, new Epoch(1, from.Nonce),
        new Greeting(100_000, 60_000, 3, false, default)
        {
            Standing = new Standing(isQuorate, default, 1, "") { Yields = yields },
        }));

    private static Received Greets(MemberId from, Guid lineage, int epoch, bool isQuorate, long formedAt) =>
        new(0, new Envelope(
            Given.Key, from, Given.D.Nonce, lineage, new Epoch(epoch, Given.A.Nonce),
            new Greeting(100_000, 60_000, 3, false, default)
            {
                Standing = new Standing(isQuorate, default, formedAt, ""),
            }));

    private Received Reply(Guid lineage, Epoch epoch, Message body) =>
        new(0, new Envelope(Given.Key, Given.A, Given.B.Nonce, lineage, epoch, body));

    private void Decide()
    {
        var command = Given.Change(Given.A, 1, Given.Insert(Given.D, _b.State.Tag));
        _b.Ask(Given.A, new Decided(new News(1, Sequence.Of<Command>(command), null)));
        Assert.Equal(1, _b.State.Index);
    }
}
