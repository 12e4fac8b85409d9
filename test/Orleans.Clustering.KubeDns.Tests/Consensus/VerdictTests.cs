using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// What a verdict that a member has ended leads to, and for how long it holds (protocol § 7); a leads.
/// </summary>
public class VerdictTests
{
    // c votes and has no row.
    private readonly ByHand _leader = new(
        Given.A, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.D));

    private string Ended => string.Join(' ', _leader.Traces.Where(trace => trace.Event == "MemberEnded")
        .Select(trace => trace.Text[..1]));

    private bool Lives => _leader.Traces.Exists(trace => trace.Event == "MemberLives");

    private Ballot Prepared => _leader.Sent.Select(send => send.Envelope.Body).OfType<Prepare>().Last().Ballot;

    private Command Proposed => _leader.Sent.Select(send => send.Envelope.Body).OfType<Accept>().Last().Command;

    // "an ended silo's row is written Dead by MarkEnded": also a row that was on its way when the silo ended.
    [Fact]
    public void A_row_that_is_written_after_its_owner_was_judged_is_marked_all_the_same()
    {
        EveryoneAnswers();
        Supersede(Given.C);
        Assert.Equal("c", Ended);
        Assert.IsType<SetVoters>(Proposed);

        var insert = Given.Change(Given.C, 1, Given.Insert(Given.C, _leader.State.Tag));
        _leader.Ask(Given.B, new Decided(new News(1, Sequence.Of<Command>(insert), null)));

        Assert.Equal(
            new MarkEnded(Given.C.Nonce, EndRule.Superseded), Assert.IsType<TableChange>(Proposed).Change);
    }

    // The same of one that is judged after the rows were looked through for another in vain.
    [Fact]
    public void A_silo_that_is_judged_after_one_without_a_row_is_marked()
    {
        EveryoneAnswers();
        _leader.Ask(Given.B, new Prepare(1, new Ballot(2, Given.B.Nonce)));
        Supersede(Given.C);
        Supersede(Given.D);
        Assert.Equal("c d", Ended);

        MayProposeAgain();

        Assert.Equal(
            new MarkEnded(Given.D.Nonce, EndRule.Superseded), Assert.IsType<TableChange>(Proposed).Change);
    }

    // The same where as many had ended when the rows were looked through, but others: one of them lives, as it proved.
    [Fact]
    public void A_silo_that_is_judged_once_another_has_proved_to_live_is_marked()
    {
        EveryoneAnswers();
        _leader.Ask(Given.B, new Prepare(1, new Ballot(2, Given.B.Nonce)));
        Refuse(Given.C);
        _leader.Wait(300);
        _leader.Answers(Given.B);
        _leader.Answers(Given.C);
        _leader.Wait(300);
        Assert.Equal(("c", true), (Ended, Lives));

        Supersede(Given.D);
        MayProposeAgain();

        Assert.Equal(
            new MarkEnded(Given.D.Nonce, EndRule.Superseded), Assert.IsType<TableChange>(Proposed).Change);
    }

    // "it refused every attempt [...], and [...] another member observed the same": whoever finds that of itself lives.
    // A silo greets its own address where its predecessor was; its listener may take no more for a while.
    [Fact]
    public void A_member_never_judges_itself()
    {
        EveryoneAnswers();
        _leader.Answers(_leader.Self);
        Refuse(_leader.Self);

        Assert.Equal("", Ended);
    }

    // "A verdict by (a) to (c) holds until that very incarnation answers a greeting sent after it": not by a reply that
    // was slow, be it to a greeting from before, or to anything else.
    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void A_verdict_holds_until_a_greeting_that_was_sent_after_it_is_answered(long after, bool lives)
    {
        EveryoneAnswers();
        Refuse(Given.C);
        Assert.Equal("c", Ended);

        var judgedAt = _leader.Now;
        _leader.Now += 1_000;
        _leader.Tell(Given.C, new HeartbeatKept(new RequestId(Given.A.Nonce, 1)));
        _leader.Tell(Given.C, new Greeting(judgedAt + after, 60_000, 0, false, default));
        _leader.Wait(1_000);

        Assert.Equal(lives, Lives);
    }

    // "until that very incarnation answers": what lives at its address by now is another.
    [Fact]
    public void A_verdict_is_not_lifted_by_the_answers_of_the_successor()
    {
        EveryoneAnswers();
        for (var i = 0; i < 4; i++) Supersede(Given.C);

        Assert.Equal("c", Ended);
        Assert.False(Lives);
    }

    private void EveryoneAnswers()
    {
        _leader.Now += 100;
        foreach (var member in new[] { Given.B, Given.C, Given.D }) _leader.Answers(member);
    }

    // Its ballot was too low while the others ended; with the next one it proposes what is due by then.
    private void MayProposeAgain()
    {
        _leader.Tell(Given.B, new Refused(1, Prepared, new Ballot(5, Given.B.Nonce)));
        _leader.Wait(500);
        _leader.Tell(Given.B, new Promise(1, Prepared, null));
    }

    private void Supersede(MemberId member)
    {
        _leader.Now += 500;
        _leader.Answers(Given.Member(member.Fqdn[..1], life: 2));
        _leader.Wait(500);
    }

    // It refuses b, too, for three seconds, or until it is judged.
    private void Refuse(MemberId member)
    {
        for (var i = 0; i < 24 && Ended.Length == 0; i++)
        {
            _leader.Now += 125;
            if (i % 2 == 0) _leader.Refuses(member);
            else _leader.Answers(Given.B, refusals: new Refusal(member.Nonce, 1_600, 6));
        }
    }
}
