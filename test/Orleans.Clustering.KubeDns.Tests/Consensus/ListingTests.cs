using FsCheck.Xunit;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>When Kubernetes has taken a pod out of a service (protocol § 1, "gone"); b as a sees it.</summary>
public class ListingTests
{
    private const long Staleness = 1_000;
    private const long For = 10_000;
    private const long KnownSince = 100_000;

    private readonly Listing _listing = new(new Local(new Settings(), Given.Key, Given.A, 42));

    private bool IsGone => _listing.IsGone(Given.B.Address, KnownSince, For);

    // "listed there earlier [...], then absent from >= 3 complete NOERROR answers [...] over the stated time"
    [Fact]
    public void Listed_and_then_absent_for_the_stated_time_is_gone()
    {
        Answer(110_000, "ab");
        Answer(120_000, "a");
        Answer(125_000, "a");
        Answer(129_999, "a");
        Assert.False(IsGone);

        Answer(130_000, "a");
        Assert.True(IsGone);
    }

    // ">= 3 complete NOERROR answers"
    [Fact]
    public void Two_answers_however_far_apart_show_nobody_gone()
    {
        Answer(110_000, "ab");
        Answer(120_000, "a");
        Answer(180_000, "a");

        Assert.False(IsGone);
    }

    // "anything if the answer is NXDOMAIN, NODATA, SERVFAIL, truncated over TCP, or a time-out"
    [Fact]
    public void Incomplete_answers_do_not_count()
    {
        Answer(110_000, "ab");
        for (var at = 120_000; at < 200_000; at += 5_000) Answer(at, "a", complete: false);

        Assert.False(IsGone);
    }

    // "each listing us"
    [Fact]
    public void Answers_that_do_not_list_us_show_nobody_gone()
    {
        Answer(110_000, "ab");
        for (var at = 120_000; at < 200_000; at += 5_000) Answer(at, "c");

        Assert.False(IsGone);
    }

    // "an answer counts only if it was asked at least the staleness after the last one that listed it"
    [Fact]
    public void An_answer_that_may_be_older_than_the_last_that_listed_it_does_not_begin_an_absence()
    {
        Answer(110_000, "ab");
        Answer(110_000 + Staleness - 1, "a");
        Answer(115_000, "a");
        Answer(120_500, "a");
        Answer(121_000, "a");
        Assert.False(IsGone);

        Answer(125_000, "a");
        Assert.True(IsGone);
    }

    [Fact]
    public void An_answer_that_lists_it_ends_the_absence()
    {
        Answer(110_000, "ab");
        Answer(120_000, "a");
        Answer(125_000, "a");
        Answer(128_000, "ab");
        Answer(130_000, "a");
        Answer(135_000, "a");
        Answer(139_000, "a");

        Assert.False(IsGone);
    }

    // "or known to us for six times the stated time": the answers may be older than a pod that none ever listed
    [Fact]
    public void Who_was_never_listed_is_gone_only_after_six_times_the_time_and_that_time()
    {
        for (var at = KnownSince; at < KnownSince + (7 * For); at += 5_000)
        {
            Answer(at, "a");
            Assert.False(IsGone);
        }

        Answer(KnownSince + (7 * For), "a");
        Assert.True(IsGone);
    }

    // A listing from before it became known is its predecessor's, at the same address.
    [Fact]
    public void A_listing_of_its_predecessor_is_none_of_its_own()
    {
        Answer(KnownSince + Staleness - 1, "ab");
        Answer(110_000, "a");
        Answer(115_000, "a");
        Answer(120_000, "a");

        Assert.False(_listing.WasListed(Given.B.Address, KnownSince));
        Assert.False(IsGone);
    }

    [Fact]
    public void An_answer_that_was_asked_before_the_newest_one_changes_nothing_of_what_is_listed_now()
    {
        Answer(110_000, "ab");
        Answer(105_000, "a");

        Assert.Equal(110_000, _listing.Last!.AskedAt);
        Assert.True(_listing.Lists(Given.B.Address));
    }

    [Fact]
    public void An_answer_that_comes_late_is_no_further_one_of_an_absence_and_takes_back_no_listing()
    {
        Answer(120_000, "ab");
        Answer(110_000, "ab");
        Assert.True(_listing.WasListed(Given.B.Address, 120_000 - Staleness));

        Answer(125_000, "a");
        Answer(137_000, "a");
        Answer(136_000, "a");
        Assert.False(IsGone);
    }

    // "asked at least the staleness after": what was asked less than that after a moment may be older than it.
    [Fact]
    public void An_answer_tells_of_the_time_until_the_staleness_before_it_was_asked()
    {
        Answer(110_000, "a");

        Assert.True(_listing.IsAsOf(110_000 - Staleness));
        Assert.False(_listing.IsAsOf(110_000 - Staleness + 1));
    }

    [Fact]
    public void We_watch_from_the_first_answer_that_lists_us()
    {
        Answer(100_000, "b");
        Answer(104_000, "a");
        Answer(113_999, "a");
        Assert.False(_listing.WatchedFor(For));

        Answer(114_000, "a");
        Assert.True(_listing.WatchedFor(For));
    }

    // "gone from the discovery service (§ 1, but with answers that list others and not us)"
    [Fact]
    public void We_are_unlisted_since_the_first_answer_that_lists_others_only()
    {
        Answer(110_000, "b");
        Answer(120_000, "b");
        Assert.Equal(110_000, _listing.UnlistedSince);

        Answer(130_000, "");
        Assert.Equal(-1, _listing.UnlistedSince);
        Answer(140_000, "b");
        Answer(150_000, "ab");
        Assert.Equal(-1, _listing.UnlistedSince);
    }

    // "or was never listed by it while we watched for NotReadyFor"
    [Fact]
    public void Never_listed_counts_from_our_first_answer_and_from_when_it_was_known()
    {
        Answer(105_000, "a");
        Answer(114_999, "a");
        Assert.False(_listing.NeverListed(Given.B.Address, KnownSince, For));

        Answer(115_000, "a");
        Assert.True(_listing.NeverListed(Given.B.Address, KnownSince, For));
        Assert.False(_listing.NeverListed(Given.B.Address, KnownSince + 6_000, For));
        Answer(116_000, "ab");
        Answer(130_000, "a");
        Assert.False(_listing.NeverListed(Given.B.Address, KnownSince, For));
    }

    [Property]
    public bool No_order_of_answers_makes_anybody_gone_that_one_listed_within_the_time(byte[] steps)
    {
        // xUnit makes one object for all that are drawn.
        var drawn = new ListingTests();
        var (asked, newest, listedAt) = (200_000L, -1L, -1L);
        foreach (var step in steps)
        {
            // One in four lists b; some come in late, asked before the one before them.
            asked += ((step >> 2) % 16 * 500) - 1_500;
            drawn.Answer(asked, step % 4 == 0 ? "ab" : "a");
            newest = Math.Max(newest, asked);
            if (step % 4 == 0) listedAt = Math.Max(listedAt, asked);
            if (drawn.IsGone && listedAt >= 0 && newest - listedAt < For) return false;
        }

        return true;
    }

    private void Answer(long askedAt, string listed, bool complete = true) => _listing.On(
        new View(askedAt, complete, listed.Select(each => Given.Member(each.ToString()))
            .Select(member => new ListedPeer(member.Fqdn, member.Address)).ToSequence(), Staleness),
        [Given.B.Address]);
}
