using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// A witness accepts a founding, and joins a lineage that it meets before it is told that the founding is done: what
/// was founded has a voter that never takes part, and answers all the same (protocol § 8, seed 3003621).
/// </summary>
public class StrayVoterTests
{
    private static readonly Guid Other = Guid.Parse("22222222-3333-4444-5555-666666666666");

    private readonly ByHand _a = new(Given.A, Given.State(Given.A, Given.B).With(Given.A));

    [Fact]
    public void A_majority_with_a_voter_of_another_lineage_is_lost()
    {
        _a.Wait(20_000, () => IsElsewhere(Given.B, isQuorate: false));

        Assert.Contains(_a.Traces, trace => trace.Event == "NoQuorum");
        Assert.DoesNotContain(_a.Traces, trace => trace.Event == "Yielding");
    }

    // "the one without a working majority yields"
    [Fact]
    public void It_gives_way_to_that_lineage_if_that_one_works()
    {
        _a.Wait(20_000, () => IsElsewhere(Given.B, isQuorate: true));

        Assert.Contains(_a.Traces, trace => trace.Event == "Yielding");
    }

    [Fact]
    public void One_that_has_no_lineage_yet_may_come_and_is_not_lost()
    {
        _a.Wait(20_000, () => _a.TellWithoutLineage(Given.B, new Greeting(_a.Now, 60_000, -1, false, default)));

        Assert.DoesNotContain(_a.Traces, trace => trace.Event == "NoQuorum");
    }

    private void IsElsewhere(MemberId member, bool isQuorate)
    {
        var greeting = new Greeting(_a.Now, 60_000, 5, false, default)
        {
            Standing = new Standing(isQuorate, default, 1, ""),
        };
        _a.Step(new Received(0, new Envelope(
            Given.Key, member, Given.A.Nonce, Other, new Epoch(1, Given.C.Nonce), greeting)));
    }
}
