using Orleans.Clustering.KubeDns.Consensus;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>How one address has behaved (protocol §§ 1, 7).</summary>
public class ContactTests
{
    private static readonly Settings Settings = new();

    private readonly Contact _contact = new(Given.B.Address);

    // "that process must have begun after k became known": its greeting was on its way for 100 ms at most.
    [Theory]
    [InlineData(899, true)]
    [InlineData(900, false)]
    public void A_process_began_after_a_moment_if_it_did_however_long_its_answer_took(long time, bool isAfter)
    {
        var contact = _contact with { StartedAt = 1_000, AnsweredGreet = 1_900, AnsweredGreetAt = 2_000 };

        Assert.Equal(isAfter, contact.BeganAfter(time));
    }

    // "it refused every attempt over >= RefusedFor (>= 5 attempts)"
    [Theory]
    [InlineData(5, 375, 1_500)]
    [InlineData(5, 374, -1)]
    [InlineData(4, 500, -1)]
    [InlineData(20, 50, -1)]
    public void Refusals_are_enough_once_they_are_many_and_took_long(int attempts, long every, long enoughAt)
    {
        var contact = _contact;
        for (var i = 0; i < attempts; i++) contact = contact.RefusedAgain(i * every, Settings);

        Assert.Equal(enoughAt, contact.RefusedEnoughAt);
        Assert.Equal((0, attempts), (contact.RefusedSince, contact.RefusedAttempts));
    }

    [Fact]
    public void An_answer_ends_the_series_of_refusals_and_of_failures()
    {
        var refusing = _contact with
        {
            RefusedSince = 1, RefusedAttempts = 9, RefusedEnoughAt = 2, FailedAttempts = 9,
        };

        Assert.Equal(_contact with { AnsweredAt = 7 }, refusing.Answered(7));
    }

    [Fact]
    public void Whoever_refuses_has_not_answered_though_it_did_a_moment_ago()
    {
        var contact = _contact.Answered(1_000);
        Assert.True(contact.AnsweredWithin(500, 1_500));
        Assert.False(contact.AnsweredWithin(500, 1_501));

        Assert.False(contact.RefusedAgain(1_100, Settings).AnsweredWithin(500, 1_200));
    }

    [Fact]
    public void Another_clusters_answer_counts_while_it_is_the_last()
    {
        var contact = _contact with { IsForeign = true, ForeignAt = 1_000 };

        Assert.True(contact.IsForeignWithin(500, 1_500));
        Assert.False(contact.IsForeignWithin(500, 1_501));
        Assert.False((contact with { IsForeign = false }).IsForeignWithin(500, 1_500));
    }
}
