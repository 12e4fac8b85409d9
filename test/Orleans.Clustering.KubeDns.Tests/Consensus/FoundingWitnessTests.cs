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

    private static Ballot Of(long round, MemberId by) => new(round, by.Nonce);

    private void Begin()
    {
        _a.Now += 60_000;
        See();
        Assert.Equal(Of(1, Given.A), Ballot);
    }

    private void See()
    {
        foreach (var member in new[] { Given.B, Given.C })
            _a.TellWithoutLineage(member, new Greeting(_a.Now, 60_000, -1, false, default));
        var listed = new[] { Given.A, Given.B, Given.C }.Select(each => new ListedPeer(each.Fqdn, each.Address));
        _a.Step(new Viewed(new View(_a.Now, true, listed.ToSequence(), 1_000)));
    }

    private void Promise(MemberId from, Ballot ballot) =>
        _a.TellWithoutLineage(from, new FoundPromise(ballot, null, 0, 0));
}
