using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>What is kept of one address: who answered there, and of which lineage it is (protocol §§ 1, 7).</summary>
public class PeersTests
{
    private static readonly Message AnyReply = new HeartbeatKept(new RequestId(Given.A.Nonce, 1));

    private readonly ByHand _a = new(Given.A, Given.State(Given.A, Given.B).With(Given.A, Given.B));

    private Contact Contact => _a.Replica.Contacts[Given.B.Address];

    // Seed 2000078: its greeting was answered before it had one, all that followed were other replies. It answered, so
    // nothing had to show its end; it was of no lineage, so it was no witness: a rescue left it out, alive.
    [Fact]
    public void Any_reply_tells_that_a_member_has_a_lineage_by_now()
    {
        _a.TellWithoutLineage(Given.B, new Greeting(_a.Now, 1, -1, false, default));
        Assert.False(Contact.HasLineage);

        _a.Now += 10;
        _a.Tell(Given.B, AnyReply);

        Assert.Equal((Given.Lineage, Given.Epoch), (Contact.Lineage, Contact.Epoch));
    }

    // Replies overtake each other; a process that has a lineage never loses it.
    [Fact]
    public void An_answer_written_before_it_had_a_lineage_takes_none_from_it()
    {
        _a.TellWithoutLineage(Given.B, new Greeting(_a.Now, 1, -1, false, default));
        _a.Now += 10;
        _a.Tell(Given.B, AnyReply);

        _a.TellWithoutLineage(Given.B, new Greeting(_a.Now, 1, -1, false, default));

        Assert.Equal((Given.Lineage, Given.Epoch), (Contact.Lineage, Contact.Epoch));
    }

    // "That tells nothing of the member": it must not be asked where another cluster listens.
    [Fact]
    public void A_late_reply_gives_no_lineage_to_an_address_that_is_another_clusters_now()
    {
        _a.Answers(Given.B);
        _a.Now += 10;
        _a.Step(new Received(0, new Envelope(
            new ClusterKey("another", "cluster"), Given.Member("b", life: 2), Given.A.Nonce, Given.Lineage, Given.Epoch,
            new Foreign(_a.Now))));
        Assert.True(Contact.IsForeign);

        _a.Tell(Given.B, AnyReply);

        Assert.False(Contact.HasLineage);
    }

    [Fact]
    public void A_later_process_at_the_address_is_of_the_lineage_that_it_tells()
    {
        _a.Answers(Given.B);
        _a.Now += 10;

        _a.TellWithoutLineage(Given.Member("b", life: 2), new Greeting(_a.Now, 1, -1, false, default));

        Assert.False(Contact.HasLineage);
    }
}
