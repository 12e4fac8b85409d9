using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>A silo's own operations, from the call to its answer (protocol § 4): d asks a, b and c.</summary>
public class RequestsTests
{
    private readonly ByHand _learner = new(Given.D, Given.State(Given.A, Given.B, Given.C).With(Given.D));
    private readonly List<Effect> _answers = [];

    // "an outcome is told only if a voter told it", and "what a silo was told, its replica knows"
    [Fact]
    public void A_write_is_done_only_if_what_was_decided_shows_it()
    {
        var id = Write();
        Tell(Given.A, new Submitted(id, Answer.Done, News.None));
        Assert.Empty(_answers);
        Assert.Single(_learner.Asked<Submit>(Given.B));

        var news = new News(1, Sequence.Of<Command>(new TableChange(id, new DeleteAll())), null);
        Tell(Given.B, new Submitted(id, Answer.Done, news));
        Assert.Equal(Answer.Done, Assert.IsType<Answered>(Assert.Single(_answers)).Answer);
    }

    [Fact]
    public void Whoever_is_sent_on_asks_the_next_voter()
    {
        var id = Write();
        Tell(Given.A, new Submitted(id, Answer.Elsewhere, News.None));

        Assert.Empty(_answers);
        Assert.Single(_learner.Asked<Submit>(Given.B));
    }

    [Fact]
    public void A_reader_that_is_sent_on_asks_the_next_voter()
    {
        var id = Read();
        Tell(Given.A, new ReadDone(id, Answer.Elsewhere, 0, News.None, default));

        Assert.Empty(_answers);
        Assert.Single(_learner.Asked<Read>(Given.B));
    }

    // "the asker installs them before it reports the result": one that it could not install, it does not report.
    [Fact]
    public void A_read_that_is_ahead_of_what_came_with_it_is_not_reported()
    {
        var id = Read();
        Tell(Given.A, new ReadDone(id, Answer.Done, 3, News.None, default));

        Assert.Empty(_answers);
        Assert.Single(_learner.Asked<Read>(Given.B));
    }

    [Fact]
    public void Heartbeats_that_come_with_a_read_are_kept()
    {
        var id = Read();
        Tell(Given.A, new ReadDone(id, Answer.Done, 0, News.None, Sequence.Of(new Beat(Given.A.Silo, 77))));

        Assert.Single(_answers);
        Assert.Equal(77, _learner.Replica.Beats[Given.A.Silo]);
    }

    // Numbers are each member's own.
    [Fact]
    public void The_outcome_of_anothers_operation_is_none_of_ours()
    {
        var id = Write();
        Tell(Given.A, new Submitted(id with { By = Given.E.Nonce }, Answer.Lost, News.None));

        Assert.Empty(_answers);
    }

    [Fact]
    public void A_late_answer_of_the_voter_asked_before_does_not_pass_the_present_one_over()
    {
        var id = Write();
        _learner.Step(new Undelivered(Given.A.Address, Given.A.Nonce, WasRefused: false));
        Assert.Single(_learner.Asked<Submit>(Given.B));

        Tell(Given.A, new Submitted(id, Answer.Elsewhere, News.None));

        Assert.Empty(_learner.Asked<Submit>(Given.C));
    }

    // "each silo sends them to all voters": a heartbeat waits a while for all, and then for a majority.
    [Fact]
    public void A_heartbeat_that_all_voters_keep_is_done_at_once()
    {
        var id = Beat();
        Tell(Given.A, new HeartbeatKept(id));
        Tell(Given.B, new HeartbeatKept(id));
        Assert.Empty(_answers);

        Tell(Given.C, new HeartbeatKept(id));
        Assert.Equal(Answer.Done, Assert.IsType<Answered>(Assert.Single(_answers)).Answer);
    }

    [Fact]
    public void A_heartbeat_that_a_majority_keeps_is_done_after_a_while_and_not_with_less()
    {
        var id = Beat();
        Tell(Given.A, new HeartbeatKept(id));
        Wait(2_000);
        Assert.Empty(_answers);

        Tell(Given.B, new HeartbeatKept(id));
        Assert.Single(_answers);
    }

    private RequestId Write()
    {
        _learner.Step(new AskWrite(5, new DeleteAll(), _learner.Now + 9_000));
        return _learner.Asked<Submit>(Given.A).Single().Id;
    }

    private RequestId Read()
    {
        _learner.Step(new AskRead(5, _learner.Now + 9_000));
        return _learner.Asked<Read>(Given.A).Single().Id;
    }

    private RequestId Beat()
    {
        _learner.Step(new AskBeat(5, new Beat(Given.D.Silo, 7), _learner.Now + 9_000));
        return _learner.Asked<Heartbeat>(Given.A).Single().Id;
    }

    private void Tell(MemberId from, Message body)
    {
        _learner.Tell(from, body);
        Note();
    }

    private void Wait(long ms) => _learner.Wait(ms, Note);

    private void Note() => _answers.AddRange(_learner.Effects.Where(effect => effect is Answered or ReadAnswered));
}
