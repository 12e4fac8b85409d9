using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>Who counts as ended (protocol § 7, rules (a) and (b)), and who must not.</summary>
public class EndingsTests
{
    private readonly ByHand _leader = new(
        Given.A, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D));

    private string Ended => string.Join(' ', _leader.Traces.Where(trace => trace.Event == "MemberEnded")
        .Select(trace => trace.Text[..1]));

    // "its address answered, to a greeting sent after k's last reply, with another nonce"
    [Fact]
    public void Another_nonce_at_its_address_ends_a_member()
    {
        EveryoneAnswers();
        _leader.Now += 1_500;
        _leader.Answers(Given.Member("c", life: 2));
        _leader.Wait(1_000);

        Assert.Equal("c", Ended);
    }

    // "a late reply of the old one proves nothing"
    [Fact]
    public void An_answer_to_a_greeting_from_before_its_last_reply_ends_nobody()
    {
        EveryoneAnswers();
        var sentAt = _leader.Now - 1;
        _leader.Now += 100;
        _leader.Tell(Given.Member("c", life: 2), new Greeting(sentAt, 1, -1, false, default));
        _leader.Wait(1_000);

        Assert.Equal("", Ended);
    }

    // The same of another cluster's process: its answer may have been on its way for long, or be older than the member.
    [Theory]
    [InlineData(-1, "")]
    [InlineData(0, "")]
    [InlineData(1, "c")]
    public void Another_cluster_at_its_address_ends_a_member_that_answered_no_later_than_it_was_greeted(
        long after, string ended)
    {
        EveryoneAnswers();
        _leader.AnswersAsAnotherCluster(Given.C, _leader.Now + after);
        _leader.Wait(1_000);

        Assert.Equal(ended, Ended);
    }

    [Fact]
    public void Another_cluster_at_its_address_before_a_member_was_known_does_not_end_it()
    {
        EveryoneAnswers();
        _leader.AnswersAsAnotherCluster(Given.E, _leader.Now);
        _leader.Now += 1_000;
        var insert = Given.Change(Given.E, 1, Given.Insert(Given.E, _leader.State.Tag));
        _leader.Ask(Given.B, new Decided(new News(1, Sequence.Of<Command>(insert), null)));
        _leader.Wait(1_000);

        Assert.Equal("", Ended);
    }

    [Fact]
    public void Silence_ends_nobody()
    {
        EveryoneAnswers();
        _leader.Wait(120_000, () =>
        {
            _leader.Answers(Given.B);
            _leader.Step(new Undelivered(Given.C.Address, default, WasRefused: false));
        });

        Assert.Equal("", Ended);
    }

    // "it refused every attempt over >= RefusedFor (>= 5 attempts), and [...] another member observed the same"
    [Fact]
    public void A_member_that_refuses_two_of_us_has_ended()
    {
        Refusing(() => _leader.Answers(Given.B, refusals: new Refusal(Given.C.Nonce, 1_600, 6)));

        Assert.Equal("c", Ended);
    }

    [Fact]
    public void A_member_that_refuses_only_me_has_not_ended()
    {
        Refusing(() => _leader.Answers(Given.B));

        Assert.Equal("", Ended);
    }

    [Fact]
    public void A_member_that_refused_the_other_one_too_few_times_has_not_ended()
    {
        Refusing(() => _leader.Answers(Given.B, refusals: new Refusal(Given.C.Nonce, 1_600, 4)));

        Assert.Equal("", Ended);
    }

    // "another member observed the same in that time"
    [Fact]
    public void What_another_observed_before_my_own_refusals_is_no_second_witness()
    {
        EveryoneAnswers();
        for (var i = 0; i < 12; i++)
        {
            _leader.Now += 250;
            _leader.Refuses(Given.C);
            if (i == 0) _leader.Now += 1;
            if (i == 0) _leader.Answers(Given.B, refusals: new Refusal(Given.C.Nonce, 1_600, 6));
            else _leader.Answers(Given.D);
        }

        _leader.Wait(500);

        Assert.Equal("", Ended);
    }

    // "another member observed the same": a restarted silo greets its own address, where its predecessor was.
    [Fact]
    public void My_own_report_is_no_second_witness()
    {
        var self = Given.Member("a", life: 2);
        var leader = new ByHand(self, Given.State(self, Given.B, Given.C).With(Given.A, Given.B, Given.C));
        leader.Answers(Given.B);
        leader.Answers(Given.C);
        for (var i = 0; i < 12; i++)
        {
            leader.Now += 250;
            leader.Refuses(Given.C);
            leader.Now += 1;
            leader.Answers(Given.B);
            leader.Answers(self, refusals: new Refusal(Given.C.Nonce, 1_600, 6));
        }

        Assert.DoesNotContain(leader.Traces, trace => trace.Event == "MemberEnded" && trace.Text[0] == 'c');
    }

    // "some other member answered the observer after the last refusal"
    [Fact]
    public void Who_is_answered_by_nobody_since_the_last_refusal_judges_nobody()
    {
        EveryoneAnswers();
        for (var i = 0; i < 8; i++)
        {
            _leader.Now += 500;
            if (i == 4) _leader.Answers(Given.B, refusals: new Refusal(Given.C.Nonce, 1_600, 6));
            _leader.Now += 1;
            _leader.Refuses(Given.C);
        }

        _leader.Wait(500);

        Assert.Equal("", Ended);
    }

    // Both series begin with the same round of greetings, and may stay in step.
    [Fact]
    public void A_member_has_ended_though_each_answer_of_another_comes_just_before_a_refusal()
    {
        EveryoneAnswers();
        for (var i = 0; i < 12; i++)
        {
            _leader.Now += 199;
            _leader.Step(new Tick());
            _leader.Now += 50;
            _leader.Answers(Given.B, refusals: new Refusal(Given.C.Nonce, 1_600, 6));
            _leader.Now += 1;
            _leader.Refuses(Given.C);
        }

        Assert.Equal("c", Ended);
    }

    // "A verdict holds until that very incarnation answers a greeting sent after it"
    [Fact]
    public void Who_answers_after_all_has_not_ended()
    {
        Refusing(() => _leader.Answers(Given.B, refusals: new Refusal(Given.C.Nonce, 1_600, 6)));
        Assert.Equal("c", Ended);
        _leader.Wait(2_000, () => _leader.Answers(Given.B));
        Assert.DoesNotContain(_leader.Traces, trace => trace.Event == "MemberLives");

        _leader.Answers(Given.C);
        _leader.Wait(2_000, () => _leader.Answers(Given.C));

        Assert.Single(_leader.Traces, trace => trace.Event == "MemberLives" && trace.Text[0] == 'c');
    }

    // "Switch: TrustConnectionRefused"
    [Fact]
    public void Refusals_end_nobody_where_they_are_not_trusted()
    {
        var wary = new ByHand(
            Given.A, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C),
            new Settings { TrustConnectionRefused = false });
        wary.Answers(Given.C);
        for (var i = 0; i < 20; i++)
        {
            wary.Now += 250;
            wary.Refuses(Given.C);
            wary.Answers(Given.B, refusals: new Refusal(Given.C.Nonce, 5_000, 20));
        }

        Assert.DoesNotContain(wary.Traces, trace => trace.Event == "MemberEnded");
    }

    // "A silo that is told to stop [...] judges nobody from then on"
    [Fact]
    public void Who_leaves_judges_nobody()
    {
        EveryoneAnswers();
        _leader.Step(new Leave());
        _leader.Now += 1_500;
        _leader.Answers(Given.Member("c", life: 2));
        _leader.Wait(1_000);

        Assert.Equal("", Ended);
    }

    [Fact]
    public void A_refusal_that_is_long_past_is_not_reported()
    {
        var voter = new ByHand(Given.B, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C));
        voter.Answers(Given.C);
        for (var i = 0; i < 8; i++)
        {
            voter.Now += 250;
            voter.Refuses(Given.C);
        }

        var fresh = Assert.IsType<Greeting>(voter.Ask(Given.A, new Greet(1, 1, 0, false, default)));
        Assert.Equal(Given.C.Nonce, Assert.Single(fresh.Refusals).Nonce);
        voter.Now += 5_000;
        var late = Assert.IsType<Greeting>(voter.Ask(Given.A, new Greet(2, 1, 0, false, default)));
        Assert.Empty(late.Refusals);
    }

    // "replaced: its own FQDN [...] is now listed with another address, which answers with that FQDN"
    [Theory]
    [InlineData(false, false, "c")]
    [InlineData(true, false, "")]
    [InlineData(false, true, "")]
    [InlineData(true, true, "")]
    public void A_name_that_moved_shows_an_end_only_where_both_pods_bear_it_themselves(
        bool formerByDns, bool presentByDns, string ended)
    {
        var member = Given.C with { IsNamedByDns = formerByDns };
        var other = Given.Member("e") with { Fqdn = Given.C.Fqdn, IsNamedByDns = presentByDns };
        var state = Given.State(Given.A, Given.B, member);
        var leader = new ByHand(Given.A, state.With(Given.A, Given.B, member));
        leader.Now += 100;
        leader.Answers(member);
        for (var i = 0; i < 20; i++)
        {
            // Paused for some seconds; meanwhile DNS gives its name to another address.
            leader.Now += 500;
            leader.Answers(Given.B);
            leader.Answers(other, uptime: 50);
            var listed = Sequence.Of(
                new ListedPeer(Given.A.Fqdn, Given.A.Address), new ListedPeer(Given.B.Fqdn, Given.B.Address),
                new ListedPeer(Given.ByAddress(member), member.Address), new ListedPeer(other.Fqdn, other.Address));
            leader.Step(new Viewed(new View(leader.Now, true, listed, 1_000)));
        }

        Assert.Equal(ended, string.Join(' ', leader.Traces.Where(trace => trace.Event == "MemberEnded")
            .Select(trace => trace.Text[..1])));
    }

    // "which began after *k* became known": here DNS saw no news for long, and lists the predecessor, which lives on.
    [Fact]
    public void Nobody_is_replaced_by_a_process_that_is_older()
    {
        var other = Given.Member("e") with { Fqdn = Given.D.Fqdn };
        var voter = new ByHand(
            Given.B, Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D));
        var known = voter.Now;
        var listed = Sequence.Of(
            new ListedPeer(Given.B.Fqdn, Given.B.Address), new ListedPeer(other.Fqdn, other.Address));
        void See(long began)
        {
            voter.Step(new Viewed(new View(voter.Now, true, listed, 1_000)));
            voter.Answers(Given.A);
            voter.Answers(other, uptime: voter.Now - began);
        }

        voter.Now += 3_000;
        See(known);
        voter.Wait(3_000, () => See(known));
        Assert.DoesNotContain(voter.Traces, trace => trace.Event == "MemberEnded");

        voter.Wait(1_000, () => See(known + 1));
        Assert.Contains(voter.Traces, trace => trace.Event == "MemberEnded" && trace.Text[0] == 'd');
    }

    // "gone from the ready service" in that time: what was before the refusals is past.
    [Fact]
    public void A_member_that_was_not_ready_before_it_refused_has_not_ended()
    {
        void Ready(params MemberId[] members)
        {
            var listed = members.Select(member => new ListedPeer(member.Fqdn, member.Address)).ToSequence();
            _leader.Step(new ViewedReady(new View(_leader.Now, true, listed, 1_000)));
        }

        EveryoneAnswers();
        _leader.Now += 2_000;
        Ready(Given.A, Given.B, Given.C, Given.D);
        for (var i = 0; i < 5; i++)
        {
            _leader.Now += 1_000;
            Ready(Given.A, Given.B, Given.D);
            _leader.Answers(Given.C);
        }

        Refusing(() => _leader.Answers(Given.B));
        Assert.Equal("", Ended);

        Ready(Given.A, Given.B, Given.D);
        _leader.Refuses(Given.C);
        _leader.Wait(500);
        Assert.Equal("c", Ended);
    }

    // The option endpoint_pod_names is turned under a live cluster: every address gets another name, nobody ends.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Other_names_under_the_same_addresses_end_nobody(bool pausedToo)
    {
        MemberId[] members = [Given.Unnamed("a"), Given.Unnamed("b"), Given.Unnamed("c")];
        var leader = new ByHand(members[0]);
        var unnamed = Sequence.Of(new ListedPeer(members[0].Fqdn, members[0].Address));
        leader.Step(new Viewed(new View(leader.Now, true, unnamed, 1_000)));
        var state = Given.State(members).With(members);
        leader.Tell(members[1], new Fetched(new News(0, default, state), default));
        foreach (var named in new[] { true, false, true })
        {
            var listed = members.Select((member, i) => new ListedPeer(
                named ? Given.Member("cab"[i..(i + 1)]).Fqdn : member.Fqdn, member.Address)).ToSequence();
            for (var i = 0; i < 20; i++)
            {
                leader.Now += 500;
                leader.Answers(members[1]);
                if (!pausedToo) leader.Answers(members[2]);
                leader.Step(new Viewed(new View(leader.Now, true, listed, 1_000)));
            }
        }

        Assert.DoesNotContain(leader.Traces, trace => trace.Event == "MemberEnded");
    }

    // "an ended silo's row is written Dead by MarkEnded"
    [Fact]
    public void The_leader_writes_the_row_of_an_ended_silo_dead()
    {
        EveryoneAnswers();
        _leader.Now += 1_500;
        _leader.Answers(Given.Member("d", life: 2));
        _leader.Wait(1_000);

        var accept = _leader.Sent.Select(send => send.Envelope.Body).OfType<Accept>().First();
        Assert.Equal(
            new MarkEnded(Given.D.Nonce, EndRule.Superseded), Assert.IsType<TableChange>(accept.Command).Change);
    }

    private void EveryoneAnswers()
    {
        _leader.Now += 100;
        _leader.Answers(Given.B);
        _leader.Answers(Given.C);
        _leader.Answers(Given.D);
    }

    private void Refusing(Action eachTime)
    {
        EveryoneAnswers();
        for (var i = 0; i < 12; i++)
        {
            _leader.Now += 250;
            _leader.Refuses(Given.C);
            _leader.Now += 1;
            eachTime();
        }

        _leader.Wait(500);
    }
}
