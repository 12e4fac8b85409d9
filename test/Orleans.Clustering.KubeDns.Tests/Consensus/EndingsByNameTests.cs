using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// "replaced: its own FQDN under the StatefulSet's governing service is now listed with another address, which answers
/// with that FQDN and another nonce" (protocol § 7, a). a leads; another process bears d's name, at e's address.
/// </summary>
public class EndingsByNameTests
{
    private readonly ByHand _leader = new(
        Given.A, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D));

    private MemberId _successor = Given.E with { Fqdn = Given.D.Fqdn };
    private Sequence<ListedPeer> _alsoListed;
    private bool _listsSuccessorFirst;
    private bool _formerAnswers;
    private long _silentAfter = long.MaxValue;
    private long _viewAge;

    private bool HasEnded => _leader.Traces.Exists(trace => trace.Event == "MemberEnded");

    [Fact]
    public void A_member_whose_name_is_anothers_by_now_has_ended()
    {
        Pass(3_000);

        Assert.True(HasEnded);
    }

    // "and k must not have answered for 2 s"
    [Fact]
    public void Not_while_it_answers_itself()
    {
        _formerAnswers = true;
        Pass(10_000);

        Assert.False(HasEnded);
    }

    // "Both the listing (asked by the staleness) and that answer must be younger than our knowledge of k"
    [Fact]
    public void Not_by_an_answer_that_may_be_older_than_what_is_known_of_it()
    {
        _viewAge = 1;
        Pass(1_000);

        Assert.False(HasEnded);
    }

    // It is listed itself: a pod of two addresses, or a name that two pods share.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Not_if_its_own_address_is_listed_by_that_name_too_in_whatever_order(bool successorFirst)
    {
        _listsSuccessorFirst = successorFirst;
        _alsoListed = Sequence.Of(new ListedPeer(Given.D.Fqdn, Given.D.Address));
        Pass(10_000);

        Assert.False(HasEnded);
    }

    // "which answers with that FQDN"
    [Fact]
    public void Not_by_one_that_answers_with_another_name()
    {
        _successor = Given.E;
        Pass(10_000);

        Assert.False(HasEnded);
    }

    // "and another nonce": it was seen at a second address of its own.
    [Fact]
    public void Not_by_itself_at_another_address()
    {
        _successor = Given.D with { Address = Given.E.Address };
        Pass(10_000);

        Assert.False(HasEnded);
    }

    [Fact]
    public void Not_by_one_that_answers_no_more()
    {
        _silentAfter = _leader.Now + 500;
        _viewAge = 2_000;
        Pass(10_000);

        Assert.False(HasEnded);
    }

    // All others answer; what began at the first step answers at e's address as that name.
    private void Pass(long ms)
    {
        var known = _leader.Now;
        var until = known + ms;
        while (_leader.Now < until)
        {
            _leader.Now += 500;
            foreach (var member in new[] { Given.B, Given.C }) _leader.Answers(member);
            if (_formerAnswers) _leader.Answers(Given.D);
            if (_leader.Now <= _silentAfter) _leader.Answers(_successor, uptime: Math.Max(0, _leader.Now - known - 1));
            var successor = new ListedPeer(Given.D.Fqdn, Given.E.Address);
            var listed = _listsSuccessorFirst ? _alsoListed.Prepend(successor) : _alsoListed.Append(successor);
            var all = listed.Append(new ListedPeer(Given.A.Fqdn, Given.A.Address)).ToSequence();
            _leader.Step(new Viewed(new View(_leader.Now - _viewAge, true, all, 1_000)));
        }

        _leader.Wait(200);
    }
}
