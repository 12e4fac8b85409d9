using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>The two phases of founding, at witness and founder (protocol § 5, 3): a founds with b and c.</summary>
public class FoundingWitnessTests
{
    private readonly ByHand _b = new(Given.B);
    private readonly ByHand _a = new(Given.A);

    private Ballot Ballot => _a.Sent.Select(send => send.Envelope.Body).OfType<FoundPrepare>().Last().Ballot;

    private FoundAccept? Accept => _a.Sent.Select(send => send.Envelope.Body).OfType<FoundAccept>().LastOrDefault();

    [Fact]
    public void A_ballot_under_anothers_nonce_is_neither_promised_nor_accepted()
    {
        Assert.IsType<Elsewhere>(_b.Ask(Given.C, new FoundPrepare(Of(1, Given.A))));
        Assert.IsType<Elsewhere>(_b.Ask(Given.C, new FoundAccept(Of(1, Given.A), Given.State(Given.A))));
    }

    [Fact]
    public void What_was_accepted_bars_lower_ballots_as_a_promise_does()
    {
        Assert.IsType<FoundAccepted>(_b.Ask(Given.A, new FoundAccept(Of(3, Given.A), Given.State(Given.A))));

        Assert.Equal(
            Of(3, Given.A), Assert.IsType<FoundRefused>(_b.Ask(Given.C, new FoundPrepare(Of(2, Given.C)))).Promised);
    }

    [Fact]
    public void Who_has_a_lineage_accepts_no_first_state()
    {
        var b = new ByHand(Given.B, Given.State(Given.C));

        Assert.IsType<Elsewhere>(b.Ask(Given.A, new FoundAccept(Of(9, Given.A), Given.State(Given.A))));
    }

    // "as if it had not started"
    [Fact]
    public void A_misnamed_process_joins_no_founding()
    {
        _b.Step(new Viewed(new View(
            _b.Now, true, Sequence.Of(new ListedPeer(Given.B.Fqdn, Given.B.Address)), 1_000, IsMisnamed: true)));

        Assert.IsType<Elsewhere>(_b.Ask(Given.A, new Founded(Given.State(Given.A))));
        Assert.Null(_b.Replica.State);
    }

    // "all must promise [...]; all must accept"
    [Fact]
    public void Promises_and_acceptances_of_another_ballot_or_process_do_not_count()
    {
        Begin();
        Promise(Given.B, Ballot);
        Promise(Given.C, Of(9, Given.A));
        Promise(Given.D, Ballot);
        Assert.Null(Accept);

        Promise(Given.C, Ballot);
        Assert.NotNull(Accept);
        _a.TellWithoutLineage(Given.B, new FoundAccepted(Ballot));
        _a.TellWithoutLineage(Given.C, new FoundAccepted(Of(9, Given.A)));
        _a.TellWithoutLineage(Given.D, new FoundAccepted(Ballot));
        Assert.Null(_a.Replica.State);

        _a.TellWithoutLineage(Given.C, new FoundAccepted(Ballot));
        Assert.Equal(Accept!.State, _a.State);
    }

    [Fact]
    public void A_refusal_of_an_earlier_attempt_does_not_end_this_one()
    {
        Begin();
        Promise(Given.B, Ballot);
        _a.TellWithoutLineage(Given.C, new FoundRefused(Of(0, Given.A), Of(7, Given.C)));
        Promise(Given.C, Ballot);

        Assert.NotNull(Accept);
    }

    // "Any refusal [...] -> back to 1", and then above what refused it.
    [Fact]
    public void An_attempt_that_was_refused_is_followed_by_one_above_what_refused_it()
    {
        Begin();
        var first = Ballot;
        _a.TellWithoutLineage(Given.C, new FoundRefused(first, Of(7, Given.C)));
        Promise(Given.B, first);
        Promise(Given.C, first);
        Assert.Null(Accept);
        for (var i = 0; i < 20 && Ballot == first; i++)
        {
            _a.Wait(200);
            See();
        }

        Assert.Equal(Of(8, Given.A), Ballot);
    }

    // "Any refusal, silence, or lineage met on the way -> back to 1"
    [Fact]
    public void A_witness_that_is_elsewhere_ends_the_attempt()
    {
        Begin();
        Promise(Given.B, Ballot);
        _a.TellWithoutLineage(Given.C, new Elsewhere());
        Promise(Given.C, Ballot);

        Assert.Null(Accept);
    }

    [Fact]
    public void An_attempt_that_is_not_answered_is_followed_by_another()
    {
        Begin();
        for (var i = 0; i < 15; i++)
        {
            _a.Wait(200);
            See();
        }

        Assert.True(Ballot.Round > 1);
    }

    [Fact]
    public void Nobody_founds_who_meets_a_lineage_though_its_state_does_not_come()
    {
        _a.Now += 60_000;
        _a.Answers(Given.B);
        See(Given.C);

        Assert.DoesNotContain(_a.Sent, send => send.Envelope.Body is FoundPrepare);
    }

    // "asked at least DnsStaleness [...] after the first refusal of every address passed over"
    [Fact]
    public void Who_refuses_is_not_passed_over_on_an_answer_from_before_it_refused()
    {
        _a.Now += 60_000;
        List(Given.A, Given.B, Given.C);
        for (var i = 0; i < 40; i++) Refuse();
        Assert.DoesNotContain(_a.Sent, send => send.Envelope.Body is FoundPrepare);

        List(Given.A, Given.B, Given.C);
        Refuse();
        Assert.Contains(_a.Sent, send => send.Envelope.Body is FoundPrepare);

        void Refuse()
        {
            _a.Now += 500;
            Answer(Given.B);
            _a.Refuses(Given.C);
        }
    }

    // "a majority of all that neither refused for 10 s nor are foreign"
    [Fact]
    public void Processes_of_another_cluster_have_no_say_in_who_is_outvoted()
    {
        for (var i = 0; i < 70; i++)
        {
            _a.Now += 500;
            Answer(Given.B);
            IsForeign(Given.D);
            IsForeign(Given.E);
            List(Given.A, Given.B, Given.C, Given.D, Given.E);
        }

        Assert.Contains(_a.Sent, send => send.Envelope.Body is FoundPrepare);
    }

    private static Ballot Of(long round, MemberId by) => new(round, by.Nonce);

    private void Begin()
    {
        _a.Now += 60_000;
        See();
        Assert.Equal(Of(1, Given.A), Ballot);
    }

    private void See() => See(Given.B, Given.C);

    private void See(params MemberId[] answering)
    {
        foreach (var member in answering) Answer(member);
        List(Given.A, Given.B, Given.C);
    }

    private void Answer(MemberId member) =>
        _a.TellWithoutLineage(member, new Greeting(_a.Now, 60_000, -1, false, default));

    private void IsForeign(MemberId at) => _a.Step(new Received(0, new Envelope(
        new ClusterKey("other", "cluster"), at, Given.A.Nonce, Guid.Empty, default, new Foreign(_a.Now))));

    private void List(params MemberId[] listed) => _a.Step(new Viewed(new View(
        _a.Now, true, listed.Select(each => new ListedPeer(each.Fqdn, each.Address)).ToSequence(), 1_000)));

    private void Promise(MemberId from, Ballot ballot) =>
        _a.TellWithoutLineage(from, new FoundPromise(ballot, null, 0, 0));
}
