using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    [Fact]
    public async Task A_new_table_is_empty_and_has_a_version_and_an_etag()
    {
        var table = await Table.ReadAll();

        Assert.Empty(table.Members);
        Assert.False(string.IsNullOrEmpty(table.Version.VersionEtag));
        Assert.Equal(table.Version, (await Table.ReadAll()).Version);
    }

    [Fact]
    public async Task An_insert_adds_the_whole_row_and_raises_the_version_by_one_with_a_new_etag()
    {
        var before = await Table.ReadAll();

        Assert.True(await Table.InsertRow(Entry(1), before.Version.Next()));

        var after = await Table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.NotEqual(before.Version.VersionEtag, after.Version.VersionEtag);
        var (entry, etag) = Assert.Single(after.Members);
        Assert.Equal(Show(Entry(1)), Show(entry));
        Assert.False(string.IsNullOrEmpty(etag));
    }

    [Fact]
    public async Task An_insert_with_a_token_that_is_no_longer_current_is_refused()
    {
        var stale = (await Table.ReadAll()).Version.Next();
        var before = await InsertedAsync(Entry(1));

        Assert.False(await Table.InsertRow(Entry(2), stale));

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task An_insert_of_a_silo_that_has_a_row_is_refused_though_its_token_is_current()
    {
        var before = await InsertedAsync(Entry(1));

        Assert.False(await Table.InsertRow(Entry(1, SiloStatus.Dead), before.Version.Next()));

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task A_write_that_asks_for_any_but_the_next_version_is_refused()
    {
        var before = await InsertedAsync(Entry(1));
        var same = before.Version;
        var skipping = new TableVersion(same.Version + 2, same.VersionEtag);

        Assert.False(await Table.InsertRow(Entry(2), same));
        Assert.False(await Table.InsertRow(Entry(2), skipping));
        Assert.False(await Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(before, 1), skipping));

        await AssertUnchangedAsync(before);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("a.b.c.d")]
    public async Task A_token_that_no_table_ever_gave_is_refused(string? made)
    {
        var before = await InsertedAsync(Entry(1));
        var next = before.Version.Next();

        Assert.False(await Table.InsertRow(Entry(2), new TableVersion(next.Version, made!)));
        Assert.False(await Table.UpdateRow(Entry(1), EtagOf(before, 1), new TableVersion(next.Version, made!)));
        Assert.False(await Table.UpdateRow(Entry(1), made!, next));

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task An_update_replaces_the_whole_row_and_leaves_the_others_their_etags()
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
    }

    [Fact]
    public async Task An_update_with_a_stale_table_token_and_a_current_row_token_is_refused()
    {
        var stale = await InsertedAsync(Entry(1));
        var before = await InsertedAsync(Entry(2));

        Assert.False(await Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(before, 1), stale.Version.Next()));

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task An_update_with_a_current_table_token_and_a_stale_row_token_is_refused()
    {
        var stale = await InsertedAsync(Entry(1, SiloStatus.Joining));
        Assert.True(await Table.UpdateRow(Entry(1), EtagOf(stale, 1), stale.Version.Next()));
        var before = await Table.ReadAll();

        Assert.False(await Table.UpdateRow(Entry(1, SiloStatus.Dead), EtagOf(stale, 1), before.Version.Next()));

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task An_update_of_a_silo_without_a_row_is_refused()
    {
        var before = await InsertedAsync(Entry(1));

        Assert.False(await Table.UpdateRow(Entry(2), EtagOf(before, 1), before.Version.Next()));

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task A_silo_that_is_dead_stays_dead()
    {
        var before = await InsertedAsync(Entry(1, SiloStatus.Dead));

        Assert.False(await Table.UpdateRow(Entry(1), EtagOf(before, 1), before.Version.Next()));

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task Of_twenty_inserts_with_one_token_one_wins()
    {
        var before = await Table.ReadAll();
        var next = before.Version.Next();

        var won = await Task.WhenAll(Enumerable.Range(1, 20).Select(number => Table.InsertRow(Entry(number), next)));

        var winner = Assert.Single(won.Index(), attempt => attempt.Item).Index + 1;
        var after = await Table.ReadAll();
        Assert.Equal(next.Version, after.Version.Version);
        Assert.Equal(Silo(winner), Assert.Single(after.Members).Item1.SiloAddress);
    }

    [Fact]
    public async Task Contending_updates_each_win_once_and_end_at_exactly_the_right_version()
    {
        const int writers = 4, rounds = 3;
        var before = await InsertedAsync([.. Enumerable.Range(1, writers).Select(number => Entry(number))]);

        await Task.WhenAll(Enumerable.Range(1, writers).Select(async number =>
        {
            for (var round = 1; round <= rounds; round++) await UpdateUntilWonAsync(number, round);
        }));

        var after = await Table.ReadAll();
        Assert.Equal(before.Version.Version + (writers * rounds), after.Version.Version);
        Assert.All(after.Members, member => Assert.Equal(rounds, member.Item1.UpdateZone));
        Assert.Equal(writers, after.Members.Select(member => member.Item2).Distinct().Count());
    }

    [Fact]
    public async Task A_call_that_was_cancelled_beforehand_changes_nothing()
    {
        var before = await InsertedAsync(Entry(1));
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Table.InsertRowAsync(Entry(2), before.Version.Next(), cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Table.ReadAllAsync(cancelled));

        await AssertUnchangedAsync(before);
    }

    private async Task UpdateUntilWonAsync(int number, int round)
    {
        while (true)
        {
            var table = await Table.ReadAll();
            var entry = table.TryGet(Silo(number))!.Item1;
            entry.UpdateZone = round;
            if (await Table.UpdateRow(entry, EtagOf(table, number), table.Version.Next())) return;
            await Task.Delay(Random.Shared.Next(1, 20));
        }
    }
}
