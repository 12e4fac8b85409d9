using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    [Fact]
    public Task A_new_table_is_empty_and_has_a_version_and_an_etag() => CaseAsync(async () =>
    {
        var table = await Table.ReadAll();

        Assert.Empty(table.Members);
        Assert.False(string.IsNullOrEmpty(table.Version.VersionEtag));
        Assert.Equal(table.Version, (await Table.ReadAll()).Version);
    });

    [Fact]
    public Task An_insert_adds_the_whole_row_and_raises_the_version_by_one_with_a_new_etag() => CaseAsync(async () =>
    {
        var before = await Table.ReadAll();

        Assert.True(await Table.InsertRow(Entry(1), before.Version.Next()));

        var after = await Table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
        var (entry, etag) = Assert.Single(after.Members);
        Assert.Equal(Show(Entry(1)), Show(entry));
        Assert.False(string.IsNullOrEmpty(etag));
    });

    [Fact]
    public Task An_insert_with_a_token_that_is_no_longer_current_is_refused() => CaseAsync(async () =>
    {
        var stale = (await Table.ReadAll()).Version.Next();
        var before = await InsertedAsync(Entry(1));

        Assert.False(await Table.InsertRow(Entry(2), stale));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task An_insert_of_a_silo_that_has_a_row_is_refused_though_its_token_is_current() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));

        Assert.False(await Table.InsertRow(Entry(1, SiloStatus.Dead), before.Version.Next()));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task A_write_that_asks_for_any_but_the_next_version_is_refused() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));
        var same = before.Version;
        var skipping = new TableVersion(same.Version + 2, same.VersionEtag);

        Assert.False(await Table.InsertRow(Entry(2), same));
        Assert.False(await Table.InsertRow(Entry(2), skipping));
        Assert.False(await Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(before, 1), skipping));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task A_token_that_no_table_ever_gave_is_refused() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));
        var next = before.Version.Next();

        foreach (var made in new[] { null, "", "0", "a.b.c.d" })
        {
            Assert.False(await Table.InsertRow(Entry(2), new TableVersion(next.Version, made!)));
            Assert.False(await Table.UpdateRow(Entry(1), EtagOf(before, 1), new TableVersion(next.Version, made!)));
            Assert.False(await Table.UpdateRow(Entry(1), made!, next));
        }

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task An_update_replaces_the_whole_row_and_leaves_the_others_their_etags() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1, SiloStatus.Joining), Entry(2));
        var changed = Entry(1);
        changed.SuspectTimes = null;
        changed.RoleName = null;
        changed.ProxyPort = 0;
        changed.HostName = "elsewhere";

        Assert.True(await Table.UpdateRow(changed, EtagOf(before, 1), before.Version.Next()));

        var after = await Table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
        Assert.Equal(Show(changed), Show(after.TryGet(Silo(1))!.Item1));
        Assert.NotEqual(EtagOf(before, 1), EtagOf(after, 1));
        Assert.Equal(EtagOf(before, 2), EtagOf(after, 2));
    });

    [Fact]
    public Task An_update_with_a_stale_table_token_and_a_current_row_token_is_refused() => CaseAsync(async () =>
    {
        var stale = await InsertedAsync(Entry(1));
        var before = await InsertedAsync(Entry(2));

        Assert.False(await Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(before, 1), stale.Version.Next()));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task An_update_with_a_current_table_token_and_a_stale_row_token_is_refused() => CaseAsync(async () =>
    {
        var stale = await InsertedAsync(Entry(1, SiloStatus.Joining));
        Assert.True(await Table.UpdateRow(Entry(1), EtagOf(stale, 1), stale.Version.Next()));
        var before = await Table.ReadAll();

        Assert.False(await Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(stale, 1), before.Version.Next()));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task An_update_of_a_silo_without_a_row_is_refused() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));

        Assert.False(await Table.UpdateRow(Entry(2), EtagOf(before, 1), before.Version.Next()));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task A_silo_that_is_dead_stays_dead() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1, SiloStatus.Dead));

        Assert.False(await Table.UpdateRow(Entry(1), EtagOf(before, 1), before.Version.Next()));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task Every_commit_is_the_next_version_under_an_etag_never_seen_before() => CaseAsync(async () =>
    {
        var views = new List<MembershipTableData> { await Table.ReadAll() };
        views.Add(await InsertedAsync(Entry(1, SiloStatus.Created)));
        views.Add(await InsertedAsync(Entry(2)));
        views.Add(await UpdatedAsync(Entry(1, SiloStatus.Joining)));
        views.Add(await UpdatedAsync(Entry(1, SiloStatus.Dead)));
        await Table.CleanupDefunctSiloEntries(Start.AddDays(1));
        views.Add(await Table.ReadAll());
        await Table.DeleteMembershipTableEntries(ClusterId);
        views.Add(await Table.ReadAll());

        var versions = views.Select(view => view.Version.Version);
        Assert.Equal(Enumerable.Range(views[0].Version.Version, views.Count), versions);
        Assert.Equal(views.Count, views.Select(view => view.Version.VersionEtag).Distinct().Count());
    });

    [Fact]
    public Task What_one_replica_wrote_every_replica_reads() => CaseAsync(async () =>
    {
        foreach (var (number, writer) in Handles.Index())
        {
            var before = await writer.ReadAll();
            Assert.True(await writer.InsertRow(Entry(number + 1), before.Version.Next()));
            var after = await writer.ReadAll();
            foreach (var reader in Handles) Assert.Equal(Rows(after), Rows(await reader.ReadAll()));
        }

        Assert.Equal(Handles.Count, (await Table.ReadAll()).Members.Count);
    });

    [Fact]
    public Task A_reader_may_skip_versions_and_misses_no_row() => CaseAsync(async () =>
    {
        var (reader, writer) = (Handles[0], Handles[^1]);
        var before = await InsertedAsync(Entry(1));
        await reader.ReadAll();
        Assert.True(await writer.InsertRow(Entry(2), before.Version.Next()));
        Assert.True(await writer.InsertRow(Entry(3), (await writer.ReadAll()).Version.Next()));

        var after = await reader.ReadAll();

        Assert.Equal(before.Version.Version + 2, after.Version.Version);
        Assert.Equal(3, after.Members.Count);
    });

    [Fact]
    public Task An_update_may_renew_a_vote_clear_the_votes_and_drop_their_list() => CaseAsync(async () =>
    {
        await InsertedAsync(Entry(1));
        var entry = Entry(1);
        entry.SuspectTimes = [Tuple.Create(Silo(900), Start.AddDays(1))];
        List<Tuple<SiloAddress, DateTime>>?[] lists = [entry.SuspectTimes, [], entry.SuspectTimes, null];
        foreach (var votes in lists)
        {
            entry.SuspectTimes = votes;
            Assert.Equal(votes, (await UpdatedAsync(entry)).Members[0].Item1.SuspectTimes);
        }
    });

    [Fact]
    public Task A_life_goes_from_created_to_dead_and_its_successor_is_another_silo() => CaseAsync(async () =>
    {
        await InsertedAsync(Entry(1, SiloStatus.Created));
        for (var status = SiloStatus.Joining; status <= SiloStatus.Dead; status++)
        {
            var after = await UpdatedAsync(Entry(1, status));
            Assert.Equal(Show(Entry(1, status)), Show(Assert.Single(after.Members).Item1));
        }

        await Table.CleanupDefunctSiloEntries(Start.AddDays(1));
        var successor = Entry(1, SiloStatus.Created);
        successor.SiloAddress = SiloAddress.New(successor.SiloAddress.Endpoint, Silo(1).Generation + 5_000);
        var last = await InsertedAsync(successor);
        Assert.Equal(successor.SiloAddress, Assert.Single(last.Members).Item1.SiloAddress);
        Assert.Empty((await Table.ReadRow(Silo(1))).Members);
    });

    [Fact]
    public Task An_update_delayed_beyond_the_clean_up_of_its_row_is_refused() => CaseAsync(async () =>
    {
        await InsertedAsync(Entry(1), Entry(2));
        var dead = await UpdatedAsync(Entry(1, SiloStatus.Dead));
        await Table.CleanupDefunctSiloEntries(Start.AddDays(1));
        var after = await Table.ReadAll();

        await RefusedAsync(() => Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(dead, 1), dead.Version.Next()));
        await RefusedAsync(() => Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(dead, 1), after.Version.Next()));
        await RefusedAsync(() => Table.UpdateRow(Entry(1), EtagOf(after, 2), after.Version.Next()));
    });

    [Fact]
    public Task Tokens_that_won_once_are_refused_the_second_time() => CaseAsync(async () =>
    {
        var again = Entry(1);
        again.UpdateZone = 7;
        var empty = await Table.ReadAll();
        Assert.True(await Table.InsertRow(Entry(1), empty.Version.Next()));
        await RefusedAsync(() => Table.InsertRow(again, empty.Version.Next()));
        var before = await Table.ReadAll();
        Assert.True(await Table.UpdateRow(Entry(1), EtagOf(before, 1), before.Version.Next()));
        await RefusedAsync(() => Table.UpdateRow(again, EtagOf(before, 1), before.Version.Next()));
    });

    [Fact]
    public Task Initialising_again_keeps_the_data() => CaseAsync(async () =>
    {
        await InsertedAsync(Entry(1), Entry(2));
        await BeatAsync(1, Start.AddHours(1));
        var before = await UpdatedAsync(Entry(2, SiloStatus.Dead));
        var old = Handles[^1];
        await old.ReadAll();

        foreach (var handle in Handles.Prepend(old))
        {
            await handle.InitializeMembershipTable(true);
            await handle.InitializeMembershipTable(false);
            Assert.Equal(Rows(before), Rows(await handle.ReadAll()));
        }

        await AssertUnchangedAsync(before);
    });
}
