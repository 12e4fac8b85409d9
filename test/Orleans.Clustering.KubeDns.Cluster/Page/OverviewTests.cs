using System.Net;
using SiloApp;
using SiloApp.Pages;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Page;

/// <summary>How three views become one, and which of them is believed about what.</summary>
public sealed class OverviewTests
{
    private static readonly Self Me = new("10.0.0.1:11111@7", "silo-0", "silo-0.orleans", "shop");

    [Fact]
    public void A_silo_has_one_row_with_what_each_view_says_of_it()
    {
        var rows = Rows([("silo-0", 1, 7, "Active"), ("silo-1", 2, 7, "Joining")], listed: [1, 2], ready: [1],
            voters: ["silo-0.orleans.shop", "silo-1.orleans.shop"]);

        Assert.Equal(
            [
                new SiloRow("silo-0", "10.0.0.1")
                {
                    Status = "Active", Silo = Me.Silo, IsSelf = true, IsListed = true, IsReady = true, Votes = true,
                    Leads = true,
                },
                new SiloRow("silo-1", "10.0.0.2")
                {
                    Status = "Joining", Silo = "10.0.0.2:11111@7", IsListed = true, IsReady = false, Votes = true,
                },
            ], rows);
    }

    [Fact]
    public void Who_is_listed_and_no_member_is_shown_and_so_is_a_member_that_is_not_listed()
    {
        var rows = Rows([("silo-0", 1, 7, "Active")], listed: [5], ready: []);

        Assert.Equal([("pod-5", "", true), ("silo-0", "Active", false)],
            rows.Select(row => (row.Name, row.Status, row.IsListed!.Value)));
    }

    [Fact]
    public void The_dead_are_shown_where_nobody_lives_each_address_once_and_never_vote()
    {
        var rows = Rows(
            [("silo-0", 1, 3, "Dead"), ("silo-0", 1, 7, "Active"), ("silo-1", 2, 4, "Dead"), ("silo-1", 2, 5, "Dead")],
            listed: [1], ready: [1], voters: ["silo-0.orleans.shop", "silo-1.orleans.shop"]);

        Assert.Equal([("10.0.0.1:11111@7", true), ("10.0.0.2:11111@5", false)],
            rows.Select(row => (row.Silo, row.Votes)));
    }

    [Fact]
    public void Of_a_thousand_dead_few_are_shown_and_the_others_are_counted()
    {
        var members = Enumerable.Range(0, 1000).Select(at => ($"silo-{at}", at + 2, at, "Dead"));
        var overview = Sight([("silo-0", 1, 7, "Active"), .. members], [1], [1], []);

        Assert.Equal(1001, overview.Silos.Count + overview.LeftOut);
        Assert.InRange(overview.LeftOut, 950, 999);
        Assert.Contains(overview.Silos, row => row.Name == "silo-999");
    }

    [Fact]
    public void Where_DNS_does_not_answer_nobody_is_said_to_be_unlisted()
    {
        var overview = Sight([("silo-0", 1, 7, "Active")], null, null, []);

        Assert.Null(Assert.Single(overview.Silos).IsListed);
        Assert.Contains("no answer", $"{Fragment.Of(overview)}");
    }

    [Fact]
    public void Numbers_in_names_are_ordered_as_numbers() => Assert.Equal(
        ["silo-2", "silo-10"],
        Rows([("silo-10", 1, 7, "Active"), ("silo-2", 2, 7, "Active")], [1, 2], [1, 2]).Select(row => row.Name));

    [Theory]
    [InlineData("Founding", "", "", "attention", "not in a cluster yet")]
    [InlineData("Joined", "KDNS305: missing silo-1; the rescue waits for silo-1", "", "bad", "No majority")]
    [InlineData("Joined", "", "clock_skew", "attention", "1 finding")]
    [InlineData("Joined", "", "no_quorum", "bad", "No majority")]
    [InlineData("Joined", "", "", "good", "1 silo Active, 1 votes, silo-0 leads")]
    [InlineData("Failed", "", "", "bad", "failed")]
    public void The_first_sentence_says_how_the_cluster_is(
        string phase, string waitingFor, string finding, string mood, string sentence)
    {
        var overview = Sight([("silo-0", 1, 7, "Active")], [1], [1], ["silo-0.orleans.shop"]);
        var node = overview.Node! with
        {
            Phase = phase,
            Lineage = phase == "Founding" ? Guid.Empty : overview.Node!.Lineage,
            WaitingFor = waitingFor,
            Reasons = finding.Length == 0 ? [] : [new NodeReason(finding, "what is wrong", 90)],
        };
        overview = new Overview(overview.View, node, overview.Discovery, overview.Ready);

        var verdict = Verdict.Of(overview);

        Assert.Equal(mood, verdict.Mood);
        Assert.Contains(sentence, verdict.Sentence);
        Assert.Equal(waitingFor.Length > 0, $"{Fragment.Of(overview)}".Contains("the rescue waits for silo-1"));
    }

    [Fact]
    public void Without_a_status_port_Orleans_view_is_shown_alone()
    {
        var sight = Sight([("silo-0", 1, 7, "Active")], [1], [1], []);
        var overview = new Overview(sight.View, null, sight.Discovery, null);

        Assert.Contains("Orleans&#x27; view alone", $"{Fragment.Of(overview)}");
        Assert.Contains("no service", $"{Fragment.Of(overview)}");
        Assert.Equal("Active", Assert.Single(overview.Silos).Status);
    }

    private static IReadOnlyList<SiloRow> Rows(
        IEnumerable<(string Name, int Host, int Generation, string Status)> members, int[] listed, int[] ready,
        string[]? voters = null) => Sight(members, listed, ready, voters ?? []).Silos;

    private static Overview Sight(
        IEnumerable<(string Name, int Host, int Generation, string Status)> members, int[]? listed, int[]? ready,
        string[] voters)
    {
        var view = new ClusterReport(Me, 3, [.. members.Select(each =>
            new Member($"{At(each.Host)}:11111@{each.Generation}", each.Name, each.Status))]);
        var node = new NodeReport("Joined", "Active", 1, 3, true) { Lineage = Guid.NewGuid(), Voters = voters };
        return new Overview(view, node, Listed(listed), Listed(ready));
    }

    private static DnsReport Listed(int[]? hosts) => new("orleans", hosts?.ToDictionary(At, host => $"pod-{host}"));

    private static IPAddress At(int host) => new([10, 0, (byte)(host / 256), (byte)(host % 256)]);
}
