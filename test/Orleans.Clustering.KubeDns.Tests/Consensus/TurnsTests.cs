using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>The order of reads by silos that are about to write (protocol § 4), at a leader that votes alone.</summary>
public class TurnsTests
{
    private readonly ByHand _leader = new(Given.A, Given.State(Given.A).With(Given.A));

    [Fact]
    public void The_next_reads_once_the_one_before_has_written()
    {
        Read(Given.B);
        Read(Given.C);
        Assert.Equal("b", Answered);

        Write(Given.B);
        Assert.Equal("b c", Answered);
    }

    [Fact]
    public void Who_reads_after_another_wrote_does_not_lose()
    {
        MemberId[] silos = [Given.B, Given.C, Given.D, Given.E];
        foreach (var silo in silos) Read(silo);
        foreach (var silo in silos) Write(silo);

        Assert.Equal(silos.Length, Outcomes(Answer.Done));
        Assert.Equal(0, Outcomes(Answer.Lost));
    }

    [Fact]
    public void Without_turns_all_but_one_lose()
    {
        MemberId[] silos = [Given.B, Given.C, Given.D, Given.E];
        foreach (var silo in silos) Read(silo, mayWrite: false);
        foreach (var silo in silos) Write(silo);

        Assert.Equal(1, Outcomes(Answer.Done));
        Assert.Equal(silos.Length - 1, Outcomes(Answer.Lost));
    }

    [Fact]
    public void Who_does_not_write_holds_the_others_up_until_its_turn_is_over()
    {
        Read(Given.B);
        Read(Given.C);
        _leader.Wait(749);
        Assert.Equal("b", Answered);

        _leader.Wait(1);
        Assert.Equal("b c", Answered);
    }

    [Fact]
    public void Nobody_waits_longer_than_a_second_and_a_half()
    {
        for (var name = 'b'; name <= 'm'; name++) Read(Given.Member(name.ToString()));
        _leader.Wait(1_499);
        Assert.Equal("b c", Answered);

        _leader.Wait(1);
        Assert.Equal("b c d e f g h i j k l m", Answered);
    }

    [Fact]
    public void Another_silos_read_is_not_held()
    {
        Read(Given.B);
        Read(Given.C, mayWrite: false);

        Assert.Equal("b c", Answered);
    }

    [Fact]
    public void Who_reads_again_in_its_own_turn_does_not_wait_for_itself()
    {
        Read(Given.B);
        Read(Given.B);

        Assert.Equal("b b", Answered);
    }

    [Fact]
    public void A_voter_that_does_not_lead_holds_nobody()
    {
        var voter = new ByHand(Given.B, Given.State(Given.A, Given.B, Given.C));
        foreach (var silo in new[] { Given.D, Given.E })
        {
            voter.Ask(silo, new Read(new RequestId(silo.Nonce, 1), 0, MayWrite: true));
            voter.Tell(Given.A, new Mark(silo == Given.D ? 1 : 2, 0, false));
        }

        Assert.Equal(2, voter.Sent.Count(send => send.Envelope.Body is ReadDone));
    }

    [Fact]
    public void Who_lost_has_had_its_turn()
    {
        Read(Given.B);
        Read(Given.C);
        Read(Given.D, mayWrite: false);
        Write(Given.D);
        Assert.Equal("b d", Answered);

        Write(Given.B);
        Assert.Equal(1, Outcomes(Answer.Lost));
        Assert.Equal("b d c", Answered);
    }

    // "until the one before has written or lost": that a third one lost says nothing of it.
    [Fact]
    public void That_another_one_lost_ends_no_turn()
    {
        Read(Given.B);
        Read(Given.C);
        Read(Given.D, mayWrite: false);
        Read(Given.E, mayWrite: false);
        Write(Given.D);
        Write(Given.E);
        Assert.Equal(1, Outcomes(Answer.Lost));

        Assert.Equal("b d e", Answered);
    }

    // "for 750 ms at most": whoever comes when a turn has just ended is behind those that wait, and so is whoever had
    // it and reads again.
    [Fact]
    public void Nobody_reads_before_those_who_wait_already()
    {
        Read(Given.B);
        Read(Given.C);
        _leader.Now += 750;
        Read(Given.D);
        Assert.Equal("b c", Answered);

        Read(Given.C);
        Assert.Equal("b c", Answered);
        Write(Given.C);
        Assert.Equal("b c d", Answered);
    }

    // "and no read for longer than 1.5 s": not until the turn that is on by then is over.
    [Fact]
    public void Nobody_waits_longer_because_another_turn_has_just_begun()
    {
        foreach (var silo in new[] { Given.B, Given.C, Given.D, Given.E }) Read(silo);
        _leader.Wait(100);
        Write(Given.B);
        _leader.Wait(1_399);
        Assert.Equal("b c d", Answered);

        _leader.Wait(1);
        Assert.Equal("b c d e", Answered);
    }

    // Its first request, or the answer, was slow.
    [Fact]
    public void Who_asks_again_while_it_waits_is_answered_once()
    {
        var read = new Read(new RequestId(Given.C.Nonce, 1_000), 0, MayWrite: true);
        Read(Given.B);
        _leader.Ask(Given.C, read);
        _leader.Ask(Given.C, read);
        Write(Given.B);
        _leader.Wait(3_000);

        Assert.Equal("b c", Answered);
    }

    // "asks the leader for such a read, and the leader holds the next one": whoever leads no more has no turns to give.
    [Fact]
    public void Who_leads_no_more_holds_nobody()
    {
        var voter = new ByHand(Given.A, Given.State(Given.A, Given.B, Given.C));
        foreach (var silo in new[] { Given.D, Given.E })
            voter.Ask(silo, new Read(new RequestId(silo.Nonce, 1), 0, MayWrite: true));
        var change = new SetVoters(Sequence.Of(Given.B, Given.C));
        voter.Ask(Given.B, new Decided(new News(1, Sequence.Of<Command>(change), null)));

        Assert.Equal(2, voter.Sent.Count(send => send.Envelope.Body is ReadDone { Answer: Answer.Elsewhere }));
    }

    // A silo that starts or leaves asks the leader for its turn, and has patience; others read wherever they like.
    [Theory]
    [InlineData("Joining", false, true)]
    [InlineData("ShuttingDown", true, true)]
    [InlineData("Active", false, false)]
    [InlineData("Active", true, true)]
    [InlineData("Dead", true, false)]
    public void Who_starts_or_leaves_asks_for_a_turn(string status, bool leaves, bool waits)
    {
        var voter = new ByHand(
            Given.B, Given.State(Given.A, Given.B, Given.C).With(Given.Row(Given.B, Enum.Parse<SiloState>(status))));
        if (leaves) voter.Step(new Leave());
        voter.Step(new AskRead(1, voter.Now + 3_000, MayWrite: true));

        Assert.Equal(waits, voter.Asked<Read>(Given.A).Any(read => read.MayWrite));
        Assert.Equal(!waits, voter.Asked<Probe>(Given.A).Any());
    }

    [Fact]
    public void The_order_can_be_turned_off()
    {
        var voter = new ByHand(
            Given.B, Given.State(Given.A, Given.B, Given.C), new Settings { OrdersReads = false });
        voter.Step(new AskRead(1, voter.Now + 3_000, MayWrite: true));

        Assert.Single(voter.Asked<Probe>(Given.A));
    }

    private string Answered => string.Join(' ', _leader.Sent.Select(send => send.Envelope.Body).OfType<ReadDone>()
        .Select(done => (char)(ushort)(done.Id.By.Value >> 64)));

    private int Outcomes(Answer answer) =>
        _leader.Sent.Count(send => send.Envelope.Body is Submitted submitted && submitted.Answer == answer);

    private void Read(MemberId by, bool mayWrite = true) =>
        _leader.Ask(by, new Read(new RequestId(by.Nonce, 1_000 + _leader.Sent.Count), 0, mayWrite));

    // With the tag that the last answer to this silo told, as Orleans does.
    private void Write(MemberId by)
    {
        var read = _leader.Sent.Select(send => send.Envelope.Body).OfType<ReadDone>()
            .Last(done => done.Id.By == by.Nonce);
        _leader.Ask(by, new Submit(
            new RequestId(by.Nonce, 1), Given.Insert(by, TagAt(read.Index)), read.Index));
    }

    private TableTag TagAt(long index) => new(Given.Lineage, Given.Epoch, (int)index);
}
