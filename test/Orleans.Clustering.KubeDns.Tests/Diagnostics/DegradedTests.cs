using System.Text.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Tests.Node;
using Orleans.Clustering.KubeDns.Transport;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>
/// Each reason why a silo's status is degraded: brought about in running nodes, seen in the health check and in
/// <c>/statusz</c>, and gone once its cause is.
/// </summary>
public sealed class DegradedTests
{
    [Fact]
    public async Task Three_silos_of_three_domains_with_a_ready_service_are_healthy()
    {
        await using var stage = await NodeStage.FormAsync(3, Spread, ready: true);
        await stage.PassAsync(60);

        Assert.All(stage.Nodes, node => Assert.Equal(HealthStatus.Healthy, StatusCheck.Of(node.Status).Status));
        Assert.All(stage.Nodes, node => Assert.Empty(Report(node).GetProperty("reasons").EnumerateArray()));
        Assert.Equal("Healthy", Report(stage.Nodes[0]).GetProperty("health").GetString());
    }

    [Fact]
    public async Task No_ready_service()
    {
        await using var stage = await NodeStage.FormAsync(1);

        Shows(stage.Nodes[0], "no_ready_service", "KDNS310");
    }

    [Fact]
    public async Task Fewer_than_three_silos()
    {
        await using var stage = await NodeStage.FormAsync(2);
        await ComesAndGoesAsync(stage, stage.Nodes[0], "few_silos", "2 silo(s) are Active", async () =>
        {
            var third = stage.Add(2);
            await third.StartAsync();
            await stage.UntilAsync("joined", () => third.Status.Lineage != Guid.Empty);
            await stage.ActivateAsync(third);
        });
    }

    [Fact]
    public async Task Dns_that_fails()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var node = stage.Nodes[1];
        node.DnsFailure = "DnsFailed: ServFail: refused by the test";
        await stage.PassAsync(20);
        Assert.False(node.Finds("dns_failing"));

        await ComesAndGoesAsync(stage, node, "dns_failing", "DnsFailed: ServFail", () => node.DnsFailure = "");
    }

    [Fact]
    public async Task Dns_that_does_not_list_us()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var node = stage.Nodes[2];
        node.IsListed = false;

        await ComesAndGoesAsync(
            stage, node, "self_unlisted", $"does not list {node.Member.Address}", () => node.IsListed = true);
    }

    [Fact]
    public async Task Clocks_that_differ_by_more_than_five_seconds()
    {
        await using var stage = await NodeStage.FormAsync(3, node => node.Skew = TimeSpan.FromSeconds(
            node.Member.Fqdn.StartsWith("silo-1") ? 8 : node.Member.Fqdn.StartsWith("silo-2") ? 4 : 0));
        await stage.UntilAsync("skew", () => stage.Nodes[0].Finds("clock_skew") && stage.Nodes[1].Finds("clock_skew"));

        Shows(stage.Nodes[0], "clock_skew", $"{stage.Nodes[1].Member.Fqdn}'s is 8 s ahead");
        Shows(stage.Nodes[1], "clock_skew", $"{stage.Nodes[0].Member.Fqdn}'s is 8 s behind");
        Assert.DoesNotContain("silo-2", Text(stage.Nodes[0], "clock_skew"));
    }

    [Fact]
    public async Task Voters_of_one_domain()
    {
        await using var stage = await NodeStage.FormAsync(3, node => node.Domain = "zone-a");
        await ComesAndGoesAsync(stage, stage.Nodes[0], "one_failure_domain", "all 3 voters stand in zone-a", null);
    }

    // Founded together, so that they vote. The fourth stands apart, and is out of reach before it could vote.
    [Fact]
    public async Task Voters_nearer_to_each_other_than_they_could_be()
    {
        await using var stage = await NodeStage.FormAsync(3, node => node.Domain = "zone-a");
        var (node, apart) = (stage.Nodes[0], stage.Add(3, node => node.Domain = "zone-b"));
        await apart.StartAsync();
        await stage.UntilAsync("joined", () => apart.Status.Lineage != Guid.Empty);
        await stage.ActivateAsync(apart);
        apart.IsCutOff = true;

        await ComesAndGoesAsync(
            stage, node, "voters_crowded", "the voters stand in 1 failure domain(s), the silos in 2",
            () => apart.IsCutOff = false);
        Assert.Equal((3, 2), (node.Status.Voters.Count, node.Status.Vitals.VoterDomains));
        Assert.True(apart.Status.IsVoter);
    }

    // Who does not answer loses its vote; that it has ended is not known, so three is still what is wanted.
    [Fact]
    public async Task Fewer_voters_than_wanted()
    {
        await using var stage = await NodeStage.FormAsync(3, Spread);
        stage.Nodes[2].IsCutOff = true;

        await ComesAndGoesAsync(
            stage, stage.Nodes[0], "few_voters", "2 silo(s) vote where 3 could", () => stage.Nodes[2].IsCutOff = false);
        Assert.Equal(3, stage.Nodes[0].Status.Voters.Count);
    }

    // Without a majority nobody can take their place.
    [Fact]
    public async Task Voters_out_of_reach()
    {
        await using var stage = await NodeStage.FormAsync(3, node => node.Policy = StagedNode.QuorumLoss.Wait);
        var (node, away) = (stage.Nodes[0], stage.Nodes.Skip(1).ToList());
        foreach (var lost in away) lost.IsCutOff = true;

        await stage.UntilAsync("found", () => node.Finds("voters_unreachable"));
        Assert.Equal(1, node.Status.Vitals.VotersReachable);
        foreach (var lost in away) Shows(node, "voters_unreachable", lost.Member.Fqdn);
        await ComesAndGoesAsync(stage, node, "voters_unreachable", "2 voter(s) do not answer", () =>
        {
            foreach (var lost in away) lost.IsCutOff = false;
        });
        Assert.Equal(3, node.Status.Vitals.VotersReachable);
    }

    [Fact]
    public async Task No_quorum_and_a_rescue_that_waits()
    {
        await using var stage = await NodeStage.FormAsync(3, ready: true);
        var left = stage.Nodes[0];
        foreach (var lost in stage.Nodes.Skip(1)) lost.IsCutOff = true;

        await stage.UntilAsync("waits", () => left.Finds("no_quorum") && left.Finds("rescue_waiting"));
        Shows(left, "no_quorum", "KDNS305: no majority of the voters answers");
        Shows(left, "rescue_waiting", stage.Nodes[1].Member.Fqdn);
        Shows(left, "rescue_waiting", "the ready service still lists it");
        Assert.Equal("still_ready", left.Status.Vitals.RescueBlockedBy);
        await ComesAndGoesAsync(stage, left, "no_quorum", "", () =>
        {
            foreach (var lost in stage.Nodes) lost.IsCutOff = false;
        });
        Assert.False(left.Finds("rescue_waiting"));
    }

    [Fact]
    public async Task No_quorum_where_the_policy_is_to_wait()
    {
        await using var stage = await NodeStage.FormAsync(3, node => node.Policy = StagedNode.QuorumLoss.Wait);
        foreach (var lost in stage.Nodes.Skip(1)) lost.IsCutOff = true;

        await stage.UntilAsync("waits", () => stage.Nodes[0].Finds("rescue_waiting"));
        Shows(stage.Nodes[0], "rescue_waiting", "QuorumLoss is Wait");
        Assert.Equal("policy", stage.Nodes[0].Status.Vitals.RescueBlockedBy);
    }

    [Fact]
    public async Task A_foreign_cluster()
    {
        await using var stage = await NodeStage.FormAsync(3);
        var stranger = stage.Add(7, node => node.ClusterId = "other");
        await stranger.StartAsync();

        await ComesAndGoesAsync(
            stage, stage.Nodes[0], "foreign_cluster", "KDNS311", () => stranger.IsListed = false);
    }

    [Fact]
    public async Task Authentication_that_fails()
    {
        await using var stage = await NodeStage.FormAsync(3);
        stage.Nodes[1].Answers = Delivery.Unauthenticated;

        await ComesAndGoesAsync(
            stage, stage.Nodes[0], "authentication", "KDNS313", () => stage.Nodes[1].Answers = null);
    }

    [Fact]
    public async Task Another_protocol_version()
    {
        await using var stage = await NodeStage.FormAsync(3);
        stage.Nodes[1].Answers = Delivery.WrongVersion;

        await ComesAndGoesAsync(
            stage, stage.Nodes[0], "protocol_version", "KDNS315", () => stage.Nodes[1].Answers = null);
    }

    private static Task ComesAndGoesAsync(
        NodeStage stage, StagedNode node, string kind, string text, Action? end) =>
        ComesAndGoesAsync(stage, node, kind, text, end is null ? null : () =>
        {
            end();
            return Task.CompletedTask;
        });

    private static async Task ComesAndGoesAsync(
        NodeStage stage, StagedNode node, string kind, string text, Func<Task>? end)
    {
        await stage.UntilAsync(kind, () => node.Finds(kind));
        Shows(node, kind, text);
        if (end is null) return;
        await end();
        await stage.UntilAsync($"no {kind}", () => !node.Finds(kind));
    }

    private static void Spread(StagedNode node) => node.Domain = node.Member.Address.Host;

    // The same in the health check and in /statusz.
    private static void Shows(StagedNode node, string kind, string text)
    {
        var status = node.Status;
        var check = StatusCheck.Of(status);
        Assert.Equal(HealthStatus.Degraded, check.Status);
        Assert.Contains(text, (string)check.Data[kind]);
        Assert.Contains($"{kind}: ", check.Description);
        Assert.Equal("Degraded", Report(node).GetProperty("health").GetString());
        Assert.Contains(text, Text(node, kind));
    }

    private static string Text(StagedNode node, string kind) => Report(node).GetProperty("reasons").EnumerateArray()
        .Single(reason => reason.GetProperty("kind").GetString() == kind).GetProperty("text").GetString()!;

    private static JsonElement Report(StagedNode node) => JsonDocument
        .Parse(StatusReport.Of(node.Status, SiloStatus.Active, false).ToJson()).RootElement;
}
