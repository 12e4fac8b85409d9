using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>"another member observed the same in that time" (protocol § 7, b): c refuses a, b tells of it.</summary>
public class EndingsByWitnessTests
{
    private readonly ByHand _leader = new(
        Given.A, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D));

    private bool HasEnded => _leader.Traces.Exists(trace => trace.Event == "MemberEnded");

    [Fact]
    public void A_member_that_refuses_another_member_as_well_has_ended()
    {
        Refuse(Given.C, Given.Lineage);

        Assert.True(HasEnded);
    }

    [Fact]
    public void That_somebody_else_refuses_the_other_is_no_witness()
    {
        Refuse(Given.D, Given.Lineage);

        Assert.False(HasEnded);
    }

    [Fact]
    public void One_of_another_lineage_is_no_witness()
    {
        Refuse(Given.C, Guid.NewGuid());

        Assert.False(HasEnded);
    }

    private void Refuse(MemberId reported, Guid lineage)
    {
        _leader.Now += 100;
        _leader.Answers(Given.B);
        _leader.Answers(Given.C);
        for (var i = 0; i < 12; i++)
        {
            _leader.Now += 250;
            _leader.Refuses(Given.C);
            _leader.Now += 1;
            _leader.Step(new Received(0, new Envelope(
                Given.Key, Given.B, Given.A.Nonce, lineage, Given.Epoch, new Greeting(
                    _leader.Now, 60_000, 0, false, Sequence.Of(new Refusal(reported.Nonce, 1_600, 6))))));
        }

        _leader.Wait(500);
    }
}
