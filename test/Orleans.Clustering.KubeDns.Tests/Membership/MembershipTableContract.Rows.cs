using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    [Fact]
    public async Task A_row_that_is_missing_reads_as_no_row_at_the_tables_version()
    {
        var all = await InsertedAsync(Entry(1));

        var missing = await Table.ReadRow(Silo(2));

        Assert.Empty(missing.Members);
        Assert.Equal(all.Version, missing.Version);
    }

    [Fact]
    public async Task One_row_reads_alone_with_its_etag_and_the_tables_version()
    {
        var all = await InsertedAsync(Entry(1), Entry(2), Entry(3));

        var one = await Table.ReadRow(Silo(2));

        var (entry, etag) = Assert.Single(one.Members);
        Assert.Equal(Show(Entry(2)), Show(entry));
        Assert.Equal(EtagOf(all, 2), etag);
        Assert.Equal(all.Version, one.Version);
    }

    [Fact]
    public async Task A_silo_with_another_generation_is_another_silo()
    {
        var entry = Entry(1);
        entry.SiloAddress = SiloAddress.New(entry.SiloAddress.Endpoint, entry.SiloAddress.Generation + 1);

        var both = await InsertedAsync(Entry(1), entry);

        Assert.Equal(2, both.Members.Count);
        Assert.Single((await Table.ReadRow(entry.SiloAddress)).Members);
    }

    [Fact]
    public async Task What_a_caller_does_to_its_entry_afterwards_does_not_reach_the_table()
    {
        var entry = Entry(1);
        var before = await InsertedAsync(entry);

        entry.Status = SiloStatus.Dead;
        entry.SuspectTimes!.Clear();

        await AssertUnchangedAsync(before);
    }

    [Fact]
    public async Task What_a_reader_does_to_what_it_read_does_not_reach_the_table()
    {
        var before = await InsertedAsync(Entry(1));
        var asked = Table;
        var read = (await asked.ReadAll()).Members[0].Item1;

        read.SiloName = "mine";
        read.AddSuspector(Silo(8), Start);

        Assert.Equal(Rows(before), Rows(await asked.ReadAll()));
    }

    [Fact]
    public async Task Votes_keep_their_order_their_ticks_and_their_repetitions()
    {
        var entry = Entry(1);
        entry.SuspectTimes =
        [
            Tuple.Create(Silo(9), Start.AddTicks(3)),
            Tuple.Create(Silo(8), Start.AddTicks(1)),
            Tuple.Create(Silo(9), Start.AddTicks(2)),
            Tuple.Create(Silo(9), Start.AddTicks(2)),
        ];

        var after = await InsertedAsync(entry);

        Assert.Equal(entry.SuspectTimes, after.Members[0].Item1.SuspectTimes);
    }

    [Fact]
    public async Task No_votes_and_an_empty_list_of_votes_both_stay_what_they_are()
    {
        var none = Entry(1);
        none.SuspectTimes = null;
        var empty = Entry(2);
        empty.SuspectTimes = [];

        var after = await InsertedAsync(none, empty);

        Assert.Null(after.TryGet(Silo(1))!.Item1.SuspectTimes);
        Assert.Empty(after.TryGet(Silo(2))!.Item1.SuspectTimes!);
    }

    [Fact]
    public async Task A_heartbeat_moves_only_the_time_and_tokens_read_before_it_still_commit()
    {
        var before = await InsertedAsync(Entry(1), Entry(2));
        var alive = Start.AddMinutes(9).AddTicks(5);

        await Table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Silo(1), IAmAliveTime = alive });

        var after = await Table.ReadAll();
        var expected = Entry(1);
        expected.IAmAliveTime = alive;
        Assert.Equal(Show(expected), Show(after.TryGet(Silo(1))!.Item1));
        Assert.Equal(Show(Entry(2)), Show(after.TryGet(Silo(2))!.Item1));
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(EtagOf(before, 1), EtagOf(after, 1));
        Assert.True(await Table.UpdateRow(Entry(1, SiloStatus.Stopping), EtagOf(before, 1), before.Version.Next()));
        Assert.Equal(alive, (await Table.ReadAll()).TryGet(Silo(1))!.Item1.IAmAliveTime);
    }

    [Fact]
    public async Task Clean_up_removes_only_the_dead_and_only_those_strictly_older()
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
    }

    [Fact]
    public async Task A_vote_or_a_heartbeat_counts_as_a_sign_of_life()
    {
        var voted = Entry(1, SiloStatus.Dead);
        voted.SuspectTimes = [Tuple.Create(Silo(9), Start.AddDays(2))];
        var before = await InsertedAsync(voted, Entry(2, SiloStatus.Dead));
        await Table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Silo(2), IAmAliveTime = Start.AddDays(2) });

        await Table.CleanupDefunctSiloEntries(Start.AddDays(1));
        Assert.Equal(before.Version, (await Table.ReadAll()).Version);

        await Table.CleanupDefunctSiloEntries(Start.AddDays(3));
        Assert.Empty((await Table.ReadAll()).Members);
    }

    [Fact]
    public async Task The_older_clean_up_removes_every_old_row_that_is_not_active()
    {
        await InsertedAsync(
            Entry(1, SiloStatus.Dead),
            Entry(2),
            Entry(3, SiloStatus.Created),
            Entry(4, SiloStatus.Joining),
            Entry(5, SiloStatus.Stopping));

        await OlderTable.CleanupDefunctSiloEntries(Start.AddDays(1));

        Assert.Equal(Silo(2), Assert.Single((await Table.ReadAll()).Members).Item1.SiloAddress);
    }

    [Fact]
    public async Task Deleting_removes_all_rows_and_never_takes_the_version_back()
    {
        var before = await InsertedAsync(Entry(1), Entry(2));

        await Table.DeleteMembershipTableEntries(ClusterId);

        var after = await Table.ReadAll();
        Assert.Empty(after.Members);
        Assert.True(after.Version.Version >= before.Version.Version);
        Assert.False(await Table.InsertRow(Entry(3), before.Version.Next()));
        Assert.True(await Table.InsertRow(Entry(3), after.Version.Next()));
    }

    [Fact]
    public async Task Deleting_another_clusters_rows_leaves_ours()
    {
        var before = await InsertedAsync(Entry(1));

        await Table.DeleteMembershipTableEntries("another");
        await Handle(NextReplica(), clusterId: "another").DeleteMembershipTableEntries(ClusterId);

        await AssertUnchangedAsync(before);
    }
}
