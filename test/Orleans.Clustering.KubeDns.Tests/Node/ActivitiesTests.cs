using System.Diagnostics;
using System.Text.RegularExpressions;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>"One activity for each operation on the table", however it ends (docs/operations.md).</summary>
public sealed partial class ActivitiesTests
{
    public static TheoryData<string> Names => [.. TableCalls.All.Keys];

    [Fact]
    public void Every_operation_of_the_table_is_tried_here_and_its_activity_stands_on_the_page()
    {
        var operations = typeof(KubeDnsMembershipTable).GetMethods()
            .Where(method => method.Name.EndsWith("Async", StringComparison.Ordinal)).Select(method => method.Name);

        Assert.Equal(operations.Order(), TableCalls.All.Keys.Order());
        Assert.Equal(TableCalls.All.Values.Select(call => call.Op).Distinct().Order(), Words(0).Order());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task What_succeeds_is_one_activity_that_is_done(string name)
    {
        await using var stage = await NodeStage.FormAsync(1);
        var (op, call) = TableCalls.All[name];
        var table = TableCalls.Table(stage.Nodes[0]);
        var looked = await TableCalls.LookAsync(stage, table);
        using var activities = new Activities();
        await stage.EndAsync(call(table, looked, default));

        var activity = Assert.Single(activities.Ended);
        AssertTold(activity, op, "done", stage.Nodes[0]);
        Assert.Equal(1, activity.GetTagItem("attempts"));
        Assert.Equal(ActivityStatusCode.Ok, activity.Status);
    }

    [Theory]
    [InlineData("InsertRowAsync")]
    [InlineData("UpdateRowAsync")]
    public async Task A_lost_compare_and_swap_is_one_activity_that_is_lost_and_no_error(string name)
    {
        await using var stage = await NodeStage.FormAsync(1);
        var (op, call) = TableCalls.All[name];
        var table = TableCalls.Table(stage.Nodes[0]);
        var looked = await TableCalls.LookAsync(stage, table);
        await stage.EndAsync(TableCalls.All["UpdateRowAsync"].Call(table, looked, default));
        using var activities = new Activities();
        Assert.False(await stage.RunAsync((Task<bool>)call(table, looked, default)));

        var activity = Assert.Single(activities.Ended);
        AssertTold(activity, op, "lost", stage.Nodes[0]);
        Assert.Equal(1, activity.GetTagItem("attempts"));
        Assert.Equal(ActivityStatusCode.Ok, activity.Status);
    }

    [Theory]
    [InlineData("timed_out", typeof(TimeoutException))]
    [InlineData("canceled", typeof(OperationCanceledException))]
    [InlineData("ended", typeof(InvalidOperationException))]
    public async Task What_throws_is_one_activity_that_failed_and_tells_how_often_it_was_tried(
        string outcome, Type thrown)
    {
        await using var stage = await NodeStage.FormAsync(3);
        var node = stage.Nodes[0];
        var table = TableCalls.Table(node);
        var looked = await TableCalls.LookAsync(stage, table);
        node.IsCutOff = true;
        using var activities = new Activities();
        using var cancel = new CancellationTokenSource();
        var calls = TableCalls.Bounded.Select(each => each.Call(table, looked, cancel.Token)).ToList();
        await stage.PassAsync(2);
        Assert.DoesNotContain(calls, call => call.IsCompleted);

        if (outcome == "canceled") await cancel.CancelAsync();
        if (outcome == "ended") await node.Node.DisposeAsync();
        await stage.UntilAsync(outcome, () => calls.All(call => call.IsCompleted));
        foreach (var call in calls) Assert.IsAssignableFrom(thrown, await Record.ExceptionAsync(() => call));

        await Eventually.HoldsAsync(() => activities.Ended.Count == calls.Count);
        Assert.Equal(TableCalls.Bounded.Select(call => call.Op).Order(), activities.Ended.Select(Op).Order());
        Assert.All(activities.Ended, activity =>
        {
            AssertTold(activity, Op(activity), outcome, node);
            Assert.InRange((int)activity.GetTagItem("attempts")!, 2, 100);
            Assert.Equal(ActivityStatusCode.Error, activity.Status);
            Assert.Equal(outcome, activity.StatusDescription);
        });
    }

    [Fact]
    public async Task What_was_cancelled_before_it_began_was_never_tried()
    {
        await using var stage = await NodeStage.FormAsync(1);
        using var activities = new Activities();
        var call = stage.Nodes[0].Node.ReadAsync(mayWrite: false, new CancellationToken(canceled: true));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);

        var activity = Assert.Single(activities.Ended);
        AssertTold(activity, "read", "canceled", stage.Nodes[0]);
        Assert.Equal(0, activity.GetTagItem("attempts"));
        Assert.Equal(ActivityStatusCode.Error, activity.Status);
    }

    private static void AssertTold(Activity activity, string op, string outcome, StagedNode node)
    {
        Assert.Equal($"kubedns {op}", activity.OperationName);
        Assert.Equal(Words(1).Order(), activity.TagObjects.Select(tag => tag.Key).Order());
        Assert.Equal(op, activity.GetTagItem("op"));
        Assert.Equal(outcome, activity.GetTagItem("outcome"));
        Assert.Equal(node.Status.TableVersion, activity.GetTagItem("version"));
    }

    private static string Op(Activity activity) => (string)activity.GetTagItem("op")!;

    // The page: "… (`kubedns read`, `…`) with `op`, …": the operations, then the tags.
    private static IEnumerable<string> Words(int part) =>
        Word().Matches(SourceTree.Read("docs/operations.md").Split('\n')
            .Single(line => line.StartsWith("| activity source", StringComparison.Ordinal))
            .Split('|')[2].Split(") with ")[part]).Select(match => match.Groups[1].Value);

    [GeneratedRegex("`(?:kubedns )?([a-z_]+)`")]
    private static partial Regex Word();
}
