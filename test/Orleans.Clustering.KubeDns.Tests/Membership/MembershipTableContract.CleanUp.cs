using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    [Fact]
    public Task Clean_up_removes_only_the_dead_and_only_those_strictly_older() => CaseAsync(async () =>
    {
        var dead = Entry(1, SiloStatus.Dead);
        var before = await InsertedAsync(
            dead, Entry(2), Entry(3, SiloStatus.ShuttingDown), Entry(4, SiloStatus.Created));

        await Table.CleanupDefunctSiloEntries(dead.IAmAliveTime);
        await AssertUnchangedAsync(before);

        await Table.CleanupDefunctSiloEntries(dead.IAmAliveTime.AddTicks(1));
        var after = await Table.ReadAll();
        Assert.Null(after.TryGet(Silo(1)));
        Assert.Equal(3, after.Members.Count);
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
    });

    [Fact]
    public Task Every_sign_of_life_counts_its_start_a_vote_and_a_heartbeat() => CaseAsync(async () =>
    {
        var (started, voted) = (Entry(1, SiloStatus.Dead), Entry(2, SiloStatus.Dead));
        started.StartTime = Start.AddDays(2);
        voted.SuspectTimes = [Tuple.Create(Silo(9), Start.AddDays(2)), Tuple.Create(Silo(8), Start)];
        await InsertedAsync(started, voted, Entry(3));
        await BeatAsync(3, Start.AddDays(2));
        var before = await UpdatedAsync(Entry(3, SiloStatus.Dead));

        await Table.CleanupDefunctSiloEntries(Start.AddDays(1));
        Assert.Equal(before.Version, (await Table.ReadAll()).Version);
        await Table.CleanupDefunctSiloEntries(Start.AddDays(2));
        Assert.Equal(before.Version, (await Table.ReadAll()).Version);

        await Table.CleanupDefunctSiloEntries(Start.AddDays(2).AddTicks(1));
        Assert.Empty((await Table.ReadAll()).Members);
    });

    [Fact]
    public Task A_clean_up_takes_the_old_and_dead_of_every_status_and_age_at_once() => CaseAsync(async () =>
    {
        var number = 0;
        foreach (var status in Enum.GetValues<SiloStatus>())
        {
            var young = Entry(++number, status);
            young.IAmAliveTime = Start.AddDays(2);
            await InsertedAsync(young, Entry(++number, status));
        }

        var more = await InsertedAsync(Entry(++number, SiloStatus.Dead), Entry(++number, SiloStatus.Dead));

        await Table.CleanupDefunctSiloEntries(Start.AddDays(1));

        var left = more.Members.Where(member =>
            member.Item1.Status != SiloStatus.Dead || member.Item1.IAmAliveTime > Start.AddDays(1)).ToList();
        var after = await Table.ReadAll();
        Assert.Equal(more.Members.Count - 3, left.Count);
        Assert.Equal(Rows(new MembershipTableData(left, more.Version)), Rows(after));
        Assert.Equal(more.Version.Version + 1, after.Version.Version);
    });

    [Fact]
    public Task A_clean_up_that_finds_nothing_leaves_version_and_etag() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1), Entry(2, SiloStatus.Joining));

        foreach (var handle in Handles) await handle.CleanupDefunctSiloEntries(Start.AddDays(1));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task Many_cleaners_at_once_clean_up_once() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1, SiloStatus.Dead), Entry(2, SiloStatus.Dead), Entry(3));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Table.CleanupDefunctSiloEntries(Start.AddDays(1))));

        var after = await Table.ReadAll();
        Assert.Equal(Silo(3), Assert.Single(after.Members).Item1.SiloAddress);
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.Equal(EtagOf(before, 3), EtagOf(after, 3));
    });

    [Fact]
    public Task The_older_clean_up_removes_every_old_row_that_is_not_active() => CaseAsync(async () =>
    {
        var young = Entry(50, SiloStatus.Joining);
        young.IAmAliveTime = Start.AddDays(2);
        await InsertedAsync(
            [young, .. Enum.GetValues<SiloStatus>().Select(status => Entry(1 + (int)status, status))]);

        await OlderTable.CleanupDefunctSiloEntries(Start.AddDays(1));

        var left = (await Table.ReadAll()).Members.Select(member => member.Item1.SiloAddress).ToHashSet();
        Assert.Equal(new HashSet<SiloAddress> { Silo(1 + (int)SiloStatus.Active), Silo(50) }, left);
    });

    [Fact]
    public Task Deleting_removes_all_rows_and_never_takes_the_version_back() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1), Entry(2));

        await Table.DeleteMembershipTableEntries(ClusterId);

        var after = await Table.ReadAll();
        Assert.Empty(after.Members);
        Assert.True(after.Version.Version >= before.Version.Version);
        Assert.False(await Table.InsertRow(Entry(3), before.Version.Next()));
        Assert.True(await Table.InsertRow(Entry(3), after.Version.Next()));
    });

    [Fact]
    public Task Deleting_another_clusters_rows_leaves_ours() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));

        string[] ids = ["another", OtherId, ClusterId[..^1], ClusterId.ToUpperInvariant(), ""];
        foreach (var id in ids) await Table.DeleteMembershipTableEntries(id);
        await Handle(NextReplica(), clusterId: OtherId).DeleteMembershipTableEntries(ClusterId);

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task A_cluster_whose_id_begins_with_ours_is_another_table() => CaseAsync(async () =>
    {
        var other = await OtherAsync();
        var ours = await InsertedAsync(Entry(1), Entry(2, SiloStatus.Dead));
        var entry = Entry(1, SiloStatus.Joining);
        entry.HostName = "elsewhere";
        Assert.True(await other.InsertRow(entry, (await other.ReadAll()).Version.Next()));
        var theirs = await other.ReadAll();

        await AssertUnchangedAsync(ours);
        await BeatAsync(1, Start.AddDays(1));
        await UpdatedAsync(Entry(1, SiloStatus.Stopping));
        await Table.CleanupDefunctSiloEntries(Start.AddDays(3));
        await Table.InitializeMembershipTable(true);
        Assert.Equal(Rows(theirs), Rows(await other.ReadAll()));
        Assert.Empty((await other.ReadRow(Silo(2))).Members);

        ours = await Table.ReadAll();
        await other.UpdateIAmAlive(new MembershipEntry { SiloAddress = Silo(1), IAmAliveTime = Start.AddDays(5) });
        Assert.True(await other.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(theirs, 1), theirs.Version.Next()));
        await AssertUnchangedAsync(ours);
    });

    [Fact]
    public Task A_token_of_another_cluster_is_refused() => CaseAsync(async () =>
    {
        var other = await OtherAsync();
        var ours = await InsertedAsync(Entry(1));
        Assert.True(await other.InsertRow(Entry(1), (await other.ReadAll()).Version.Next()));
        var theirs = await other.ReadAll();

        await RefusedAsync(() => Table.InsertRow(Entry(2), theirs.Version.Next()));
        await RefusedAsync(() => Table.UpdateRow(Entry(1), EtagOf(theirs, 1), ours.Version.Next()));
        await RefusedAsync(() => Table.UpdateRow(Entry(1), EtagOf(ours, 1), theirs.Version.Next()));
    });

    [Fact]
    public Task Deleting_removes_our_rows_and_leaves_those_of_the_cluster_whose_id_begins_with_ours() =>
        CaseAsync(async () =>
        {
            var other = await OtherAsync();
            await InsertedAsync(Entry(1), Entry(2));
            Assert.True(await other.InsertRow(Entry(1), (await other.ReadAll()).Version.Next()));
            var theirs = await other.ReadAll();

            await Table.DeleteMembershipTableEntries(ClusterId);
            Assert.Empty((await Table.ReadAll()).Members);
            Assert.Equal(Rows(theirs), Rows(await other.ReadAll()));

            var ours = await InsertedAsync(Entry(3));
            await other.DeleteMembershipTableEntries(OtherId);
            Assert.Empty((await other.ReadAll()).Members);
            await AssertUnchangedAsync(ours);
        });
}
