using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// For whom and for which evidence a rescue waits (protocol § 7, 1). b may rescue, d answers, a and c do not.
/// </summary>
public class EvidenceTests
{
    private static readonly ClusterState Before =
        Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C, Given.D);

    private readonly Amid _amid = new(new ByHand(Given.B, Before));

    private string WaitsFor => _amid.Hand.Replica.RescueWaitsFor;

    private string Lacks => _amid.Hand.Replica.RescueBlockedBy;

    // "Every member it knows (voters and non-Dead rows) answers or is ended by (a)-(d)"
    [Fact]
    public void Waits_for_a_member_that_is_still_ready()
    {
        Lose(ready: "abd");

        Assert.Equal("still_ready", Lacks);
        Assert.StartsWith(Given.A.Fqdn, WaitsFor);
    }

    [Fact]
    public void Waits_until_a_member_has_been_gone_from_the_ready_service_for_long_enough()
    {
        Lose(ready: "bd", ms: 10_000);
        Assert.Equal("not_ready_for", Lacks);

        _amid.Pass(30_000);
        Assert.True(_amid.Saw("RescueBegun"));
    }

    [Fact]
    public void Waits_without_a_ready_service_for_somebody_to_tell()
    {
        _amid.Ready = null;
        Lose(ready: null);

        Assert.Equal("ready_service", Lacks);
        Assert.False(_amid.Saw("RescueBegun"));
    }

    [Fact]
    public void Goes_on_without_a_ready_service_if_the_discovery_service_has_removed_them()
    {
        _amid.Ready = null;
        _amid.Discovered = "abcd";
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Discovered) = ("d", "bd");
        _amid.Pass(40_000);

        Assert.True(_amid.Saw("RescueBegun"));
    }

    // "The DNS answers were asked at least DnsStaleness after the newest of this evidence"
    [Fact]
    public void Waits_for_a_DNS_answer_that_cannot_hide_anybody_who_may_know_more_and_asks_for_it()
    {
        var amid = new Amid(new ByHand(Given.B, Before));
        amid.Pass(3_000);
        (amid.Answering, amid.Ready) = ("d", "bd");
        for (var i = 0; i < 100 && amid.Hand.Replica.RescueBlockedBy != "young_dns_answer"; i++) amid.Pass(500);
        Assert.Equal("young_dns_answer", amid.Hand.Replica.RescueBlockedBy);

        amid.Hand.Wait(1_000);

        Assert.False(amid.Saw("RescueBegun"));
        amid.Pass(8_000);
        Assert.True(amid.Saw("RescueBegun"));
    }

    // "Every other listed address answers, or refuses, or is gone from the ready service, or was never listed by it
    // while we watched for NotReadyFor"
    [Fact]
    public void Waits_for_a_pod_that_is_listed_and_silent_although_nobody_knows_it()
    {
        (_amid.Greeted, _amid.Discovered, _amid.Ready) = ("abcde", "abcde", "abcde");
        Lose(ready: "bde");

        Assert.Equal("listed", Lacks);
        Assert.Contains(Given.E.Fqdn, WaitsFor);
    }

    [Fact]
    public void Does_not_wait_for_a_listed_pod_that_refuses()
    {
        (_amid.Greeted, _amid.Discovered, _amid.Ready, _amid.Refusing) = ("abcde", "abcde", "abcde", "e");
        Lose(ready: "bde");

        Assert.True(_amid.Saw("RescueBegun"));
    }

    [Fact]
    public void Does_not_wait_for_a_listed_pod_that_never_was_ready()
    {
        (_amid.Greeted, _amid.Discovered) = ("abcde", "abcde");
        Lose(ready: "bd");

        Assert.True(_amid.Saw("RescueBegun"));
    }

    // "The rescuer's own row was Active, or every silo whose row is Active has ended by (a)-(c)": Kubernetes' word that
    // they are not ready is not enough for a silo that never was Active.
    [Fact]
    public void A_newcomer_waits_for_facts_about_those_who_were_Active()
    {
        var own = Given.Row(Given.B, SiloState.Joining);
        var state = Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.C).With(own);
        var amid = new Amid(new ByHand(Given.B, state));
        amid.Pass(3_000);
        (amid.Answering, amid.Ready) = ("d", "bd");
        amid.Pass(60_000);

        Assert.Equal("was_active", amid.Hand.Replica.RescueBlockedBy);
        Assert.False(amid.Saw("RescueBegun"));
    }

    // A member at whose address another cluster answers does not answer (seeds 1590, 1935), and has ended by rule (a).
    [Fact]
    public void A_member_whose_address_is_another_clusters_is_no_witness()
    {
        _amid.Pass(3_000);
        (_amid.Greeted, _amid.Ready) = ("abd", "bd");
        _amid.Answering = "d";
        for (var i = 0; i < 60 && !_amid.Saw("RescueBegun"); i++)
        {
            _amid.Pass(500);
            _amid.Hand.AnswersAsAnotherCluster(Given.C);
        }

        Assert.Contains(_amid.Hand.Traces, trace => trace.Event == "RescueBegun"
            && trace.Text.Contains($"{Given.C} Superseded", StringComparison.Ordinal));
        Assert.DoesNotContain(Given.C.Nonce, Prepare.Witnesses);
    }

    // The same of a reply that it wrote before, and that comes in late: it neither makes the member answer, so that
    // nothing would have to show its end, nor takes anything from the verdict (seeds 1590, 1935).
    [Fact]
    public void A_late_reply_of_a_member_is_no_answer_where_another_cluster_listens_by_now()
    {
        _amid.Pass(3_000);
        (_amid.Greeted, _amid.Ready, _amid.Answering) = ("abd", "bd", "d");
        Until(() => _amid.Saw("RescueBegun"), () =>
        {
            _amid.Hand.AnswersAsAnotherCluster(Given.C);
            _amid.Hand.Wait(150);
            RepliesLate(Given.C);
        });

        Assert.Contains(_amid.Hand.Traces, trace => trace.Event == "RescueBegun"
            && trace.Text.Contains($"{Given.C} Superseded", StringComparison.Ordinal));
    }

    // "a late reply of the old one proves nothing", a greeting's answer no more than another: the member that has ended
    // is not asked for its promise, which nobody would give.
    [Fact]
    public void A_late_answer_of_a_member_does_not_revive_it_where_another_cluster_listens_by_now()
    {
        _amid.Pass(3_000);
        var asked = _amid.Hand.Now + 1;
        (_amid.Greeted, _amid.Ready, _amid.Answering) = ("abd", "bd", "d");
        Until(() => _amid.Saw("RescueBegun"), () =>
        {
            _amid.Hand.AnswersAsAnotherCluster(Given.C);
            _amid.Hand.Wait(150);
            _amid.Hand.Tell(Given.C, new Greeting(asked, 60_000, 0, false, default));
        });

        Assert.Equal(Amid.Nonces(Given.B, Given.D).Order(), Prepare.Witnesses.Order());
    }

    // The other way round: a stranger's answer to a greeting from before the member's last answer. Believed, it would
    // leave out somebody alive (I6): a learner, of whom the voters that are left know nothing but that it is listed.
    [Fact]
    public void A_late_answer_of_another_cluster_hides_nobody_who_has_answered_since()
    {
        var state = Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.B, Given.C);
        var amid = new Amid(new ByHand(Given.B, state));
        (amid.Greeted, amid.Answering, amid.Discovered, amid.Ready) = ("ace", "ace", "abce", "abce");
        var asked = amid.Hand.Now;
        amid.Pass(3_000);
        (amid.Answering, amid.Ready) = ("e", "be");
        for (var round = 0; round < 120 && !amid.Saw("RescueBegun"); round++)
        {
            amid.Pass(500);
            amid.Hand.AnswersAsAnotherCluster(Given.E, asked);
            amid.Hand.Wait(250);
        }

        var prepare = amid.Hand.Sent.Select(send => send.Envelope.Body).OfType<RescuePrepare>().FirstOrDefault();
        Assert.Equal(Amid.Nonces(Given.B, Given.E).Order(), prepare?.Witnesses.Order());
        Assert.False(amid.Saw("Rescued"));
    }

    // Nor is it a sign of that other cluster's process: by now something else may listen there.
    [Fact]
    public void A_late_reply_is_no_sign_that_another_cluster_still_listens_where_it_came_from()
    {
        (_amid.Greeted, _amid.Answering, _amid.Discovered, _amid.Ready) = ("abcde", "abcde", "abcde", "abcde");
        _amid.Pass(3_000);
        (_amid.Greeted, _amid.Answering, _amid.Ready) = ("abcd", "d", "bde");
        _amid.Hand.Wait(1);
        _amid.Hand.AnswersAsAnotherCluster(Given.E);
        for (var i = 0; i < 120; i++)
        {
            RepliesLate(Given.E);
            _amid.Pass(500);
        }

        Assert.Equal("listed", Lacks);
        Assert.False(_amid.Saw("RescueBegun"));
    }

    // It may have joined from those who have ended since, and know more than anybody who is asked (seed 4013922).
    [Fact]
    public void Waits_for_one_that_had_no_lineage_when_it_answered_last()
    {
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Ready) = ("d", "bd");
        var asked = _amid.Hand.Now;
        Until(() => Lacks == "newcomer", () => HasNoLineage(asked));
        for (var i = 0; i < 6; i++)
        {
            HasNoLineage(asked);
            _amid.Pass(500);
        }

        _amid.Hand.Wait(1_000);
        Assert.False(_amid.Saw("RescueBegun"));
        Assert.Contains(_amid.Hand.Sent.TakeLast(4), send => send.To == Given.E.Address && send.Envelope.Body is Greet);

        Until(() => _amid.Saw("RescueBegun"), () => HasNoLineage(_amid.Hand.Now));
    }

    // "Whoever occupies the address of a known member counts as a known member too, from its last answer on."
    [Fact]
    public void Waits_for_a_successor_that_answered_once_as_for_any_member()
    {
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Ready) = ("d", "bcd");
        _amid.Hand.Now += 10;
        _amid.Hand.Answers(Given.Member("c", life: 2));
        _amid.Pass(60_000);
        Assert.Equal("still_ready", Lacks);
        Assert.False(_amid.Saw("RescueBegun"));

        _amid.Ready = "bd";
        _amid.Pass(40_000);
        Assert.True(_amid.Saw("RescueBegun"));
    }

    [Fact]
    public void Does_not_wait_for_a_silent_address_that_nobody_lists()
    {
        _amid.Hand.Ask(Given.E, new Greet(1, 60_000, 0, false, default));
        _amid.Ready = "abcde";
        Lose(ready: "bde");

        Assert.True(_amid.Saw("RescueBegun"));
    }

    [Fact]
    public void Does_not_wait_for_a_listed_pod_of_another_cluster()
    {
        (_amid.Discovered, _amid.Ready) = ("abcde", "abcde");
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Ready) = ("d", "bde");

        Until(() => _amid.Saw("RescueBegun"), () => _amid.Hand.AnswersAsAnotherCluster(Given.E));
    }

    [Fact]
    public void Does_not_wait_for_a_listed_pod_that_is_ready_no_more()
    {
        (_amid.Greeted, _amid.Discovered, _amid.Ready) = ("abcde", "abcde", "abcde");
        Lose(ready: "bd");

        Assert.True(_amid.Saw("RescueBegun"));
    }

    // "and every listed address answers or refuses": of one that never was Active that is asked as well.
    [Fact]
    public void A_newcomer_waits_for_a_silent_pod_that_is_listed_though_it_never_was_ready()
    {
        var state = Given.State(Given.A, Given.B, Given.C).With(Given.A, Given.C);
        var amid = new Amid(new ByHand(Given.B, state.With(Given.Row(Given.B, SiloState.Joining))));
        amid.Hand.Ask(Given.Member("f"), new Greet(1, 60_000, 0, false, default));
        (amid.Greeted, amid.Discovered) = ("abcde", "abcde");
        amid.Pass(3_000);
        (amid.Answering, amid.Discovered, amid.Ready) = ("d", "bde", "bd");
        amid.Pass(60_000);
        Assert.Equal("silent", amid.Hand.Replica.RescueBlockedBy);

        amid.Refusing = "e";
        amid.Pass(10_000);
        Assert.True(amid.Saw("RescueBegun"));
    }

    // "(d) [...] by an answer that tells of a time after k's last reply"
    [Fact]
    public void What_Kubernetes_said_before_the_silence_is_no_evidence()
    {
        _amid.Pass(3_000);
        _amid.Ready = "bd";
        _amid.Pass(30_000);
        _amid.Ready = null;
        _amid.Pass(2_000);
        _amid.Answering = "d";
        _amid.Pass(60_000);

        Assert.Equal("not_ready_for", Lacks);
        Assert.False(_amid.Saw("RescueBegun"));
    }

    // "(d) not ready [...]: unreachable": silent for a while is not.
    [Fact]
    public void One_that_was_not_ready_for_long_and_is_silent_for_four_seconds_may_come_back()
    {
        (_amid.Greeted, _amid.Discovered, _amid.Ready) = ("abcde", "abcde", "abcde");
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Ready) = ("d", "be");
        _amid.Pass(40_000);
        Assert.Equal("listed", Lacks);

        _amid.Answering = "";
        _amid.Pass(4_000);
        Assert.Equal("not_ready_for", Lacks);
    }

    // "Every member it knows (voters and non-Dead rows)": a row that says Dead names nobody who may know more.
    [Fact]
    public void Does_not_wait_for_those_whose_rows_are_dead()
    {
        var amid = new Amid(new ByHand(Given.B, Before.With(Given.Row(Given.E, SiloState.Dead))));
        amid.Pass(3_000);
        (amid.Answering, amid.Ready) = ("d", "bd");
        amid.Pass(60_000);

        Assert.True(amid.Saw("RescueBegun"));
    }

    private void HasNoLineage(long asked) =>
        _amid.Hand.TellWithoutLineage(Given.E, new Greeting(asked, 60_000, -1, false, default));

    private void Until(Func<bool> holds, Action eachRound)
    {
        for (var round = 0; !holds(); round++)
        {
            Assert.True(round < 120, $"It waits for {WaitsFor}");
            eachRound();
            _amid.Pass(500);
        }
    }

    private RescuePrepare Prepare =>
        _amid.Hand.Sent.Select(send => send.Envelope.Body).OfType<RescuePrepare>().First();

    private void RepliesLate(MemberId member) =>
        _amid.Hand.Tell(member, new HeartbeatKept(new RequestId(_amid.Hand.Self.Nonce, 1)));

    private void Lose(string? ready, long ms = 60_000)
    {
        _amid.Pass(3_000);
        (_amid.Answering, _amid.Ready) = ("d", ready);
        _amid.Pass(ms);
    }
}
