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

    // Greetings overtake each other: what was written earlier tells nothing new.
    [Fact]
    public void A_late_answer_to_an_earlier_greeting_changes_nothing()
    {
        _a.Answers(Given.B, index: 5);
        var known = Contact;

        _a.Now += 10;
        _a.Tell(Given.B, new Greeting(_a.Now - 50, 1, 0, Leaving: true, default));

        Assert.Equal(known, Contact);
    }

    // "anything of a member, if the greeting was sent before the member's last reply": in the same millisecond too
    [Fact]
    public void Another_process_that_answers_a_greeting_of_the_same_moment_takes_no_place()
    {
        _a.Answers(Given.B);

        _a.Answers(Given.Member("b", life: 2));

        Assert.Equal(Given.B, Contact.Member);
    }

    [Fact]
    public void That_another_process_at_the_address_leaves_says_nothing_of_the_member()
    {
        _a.Answers(Given.B);
        _a.Ask(Given.Member("b", life: 2), new Greet(1, 1, 0, Leaving: true, default));
        Assert.False(Contact.IsLeaving);

        _a.Ask(Given.B, new Greet(1, 1, 0, Leaving: true, default));
        Assert.True(Contact.IsLeaving);
    }

    // A log only grows, and who leaves does not change its mind: what says otherwise was written before.
    [Fact]
    public void What_was_known_of_a_process_is_not_taken_back_by_a_late_answer()
    {
        _a.Answers(Given.B, index: 5);
        _a.Ask(Given.B, new Greet(1, 1, 0, Leaving: true, default));
        _a.Tell(Given.B, new Applied(9));
        _a.Now += 10;
        _a.Answers(Given.B, index: 7);
        _a.TellWithoutLineage(Given.B, AnyReply);

        Assert.Equal((9L, true, Given.Lineage), (Contact.Index, Contact.IsLeaving, Contact.Lineage));
    }

    [Fact]
    public void A_later_process_at_the_address_begins_anew()
    {
        _a.Answers(Given.B, index: 9, leaving: true);
        _a.Now += 10;
        _a.Answers(Given.Member("b", life: 2), index: 2);

        Assert.Equal((2L, false), (Contact.Index, Contact.IsLeaving));
    }

    // Only a complete answer may remove anybody, and only the newest.
    [Theory]
    [InlineData(0, false, true)]
    [InlineData(-500, true, true)]
    [InlineData(0, true, false)]
    public void Who_was_listed_is_so_until_a_newer_complete_answer_does_not_list_it(
        long askedAt, bool complete, bool isListed)
    {
        _a.Step(new Viewed(View(0, true, Given.A, Given.B)));

        _a.Step(new Viewed(View(askedAt, complete, Given.A)));

        Assert.Equal(isListed, Contact.Listed is not null);
    }

    // "until a complete answer, asked by the staleness after its last message, does not list it"
    [Fact]
    public void An_invitation_holds_until_an_answer_that_cannot_be_older_does_not_list_it()
    {
        _a.Ask(Given.B, new Greet(1, 1, 0, false, default));
        _a.Now += 1_000;
        _a.Step(new Viewed(View(0, true, Given.A)));
        Assert.True(Contact.Invited);

        _a.Now += 1;
        _a.Step(new Viewed(View(0, true, Given.A)));
        Assert.False(Contact.Invited);
    }

    // Whoever comes to vote or to have a row is looked for, whether DNS lists it or not.
    [Fact]
    public void Those_who_come_to_vote_or_to_have_a_row_are_greeted()
    {
        Command[] commands = [
            new SetVoters(Sequence.Of(Given.A, Given.C)),
            Given.Change(Given.D, 1, Given.Insert(Given.D, _a.State.Tag))];
        _a.Ask(Given.B, new Decided(new News(1, commands.ToSequence(), null)));

        Assert.All([Given.C, Given.D], each => Assert.Single(_a.Asked<Greet>(each)));
    }

    // "voters and non-Dead rows": where a silo was that is Dead, nobody is looked for.
    [Fact]
    public void Who_joins_does_not_greet_those_whose_rows_are_dead()
    {
        var state = Given.State(Given.A).With(Given.A, Given.C).With(Given.Row(Given.D, SiloState.Dead));
        var learner = new ByHand(Given.B, state);
        learner.Wait(1_000);

        Assert.Contains(learner.Sent, send => send.To == Given.C.Address);
        Assert.DoesNotContain(learner.Sent, send => send.To == Given.D.Address);
    }

    [Fact]
    public void A_later_process_at_the_address_is_of_the_lineage_that_it_tells()
    {
        _a.Answers(Given.B);
        _a.Now += 10;

        _a.TellWithoutLineage(Given.Member("b", life: 2), new Greeting(_a.Now, 1, -1, false, default));

        Assert.False(Contact.HasLineage);
    }

    private View View(long askedAt, bool complete, params MemberId[] listed) => new(
        _a.Now + askedAt, complete,
        listed.Select(each => new ListedPeer(each.Fqdn, each.Address)).ToSequence(), 1_000);
}
