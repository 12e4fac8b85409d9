using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    [Fact]
    public Task A_row_that_is_missing_reads_as_no_row_at_the_tables_version() => CaseAsync(async () =>
    {
        var all = await InsertedAsync(Entry(1));

        var missing = await Table.ReadRow(Silo(2));

        Assert.Empty(missing.Members);
        Assert.Equal(all.Version, missing.Version);
    });

    [Fact]
    public Task One_row_reads_alone_with_its_etag_and_the_tables_version() => CaseAsync(async () =>
    {
        var all = await InsertedAsync(Entry(1), Entry(2), Entry(3));

        var one = await Table.ReadRow(Silo(2));

        var (entry, etag) = Assert.Single(one.Members);
        Assert.Equal(Show(Entry(2)), Show(entry));
        Assert.Equal(EtagOf(all, 2), etag);
        Assert.Equal(all.Version, one.Version);
    });

    [Fact]
    public Task A_silo_with_another_generation_is_another_silo() => CaseAsync(async () =>
    {
        var entry = Entry(1);
        entry.SiloAddress = SiloAddress.New(entry.SiloAddress.Endpoint, entry.SiloAddress.Generation + 1);

        var both = await InsertedAsync(Entry(1), entry);

        Assert.Equal(2, both.Members.Count);
        Assert.Single((await Table.ReadRow(entry.SiloAddress)).Members);
    });

    [Fact]
    public Task What_a_caller_does_to_its_entry_afterwards_does_not_reach_the_table() => CaseAsync(async () =>
    {
        var entry = Entry(1);
        var before = await InsertedAsync(entry);

        entry.Status = SiloStatus.Dead;
        entry.SuspectTimes!.Clear();

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task What_a_reader_does_to_what_it_read_does_not_reach_the_table() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));
        var asked = Table;
        var read = (await asked.ReadAll()).Members[0].Item1;

        read.SiloName = "mine";
        read.AddSuspector(Silo(8), Start);

        Assert.Equal(Rows(before), Rows(await asked.ReadAll()));
    });

    [Fact]
    public Task Votes_keep_their_order_their_ticks_and_their_repetitions() => CaseAsync(async () =>
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
    });

    [Fact]
    public Task No_votes_and_an_empty_list_of_votes_both_stay_what_they_are() => CaseAsync(async () =>
    {
        var none = Entry(1);
        none.SuspectTimes = null;
        var empty = Entry(2);
        empty.SuspectTimes = [];

        var after = await InsertedAsync(none, empty);

        Assert.Null(after.TryGet(Silo(1))!.Item1.SuspectTimes);
        Assert.Empty(after.TryGet(Silo(2))!.Item1.SuspectTimes!);
    });

    [Fact]
    public Task Reading_one_row_and_reading_all_agree() => CaseAsync(async () =>
    {
        var successor = Entry(1);
        successor.SiloAddress = SiloAddress.New(successor.SiloAddress.Endpoint, Silo(1).Generation + 5_000);
        var all = await InsertedAsync(Entry(1), Entry(2), successor);

        foreach (var handle in Handles)
        {
            foreach (var silo in new[] { Silo(1), Silo(2), successor.SiloAddress, Silo(3) })
            {
                var one = await handle.ReadRow(silo);
                var same = new MembershipTableData(
                    [.. all.Members.Where(member => member.Item1.SiloAddress.Equals(silo))], all.Version);
                Assert.Equal(all.Version, one.Version);
                Assert.Equal(Rows(same), Rows(one));
            }
        }
    });

    [Fact]
    public Task What_was_read_never_changes_afterwards() => CaseAsync(async () =>
    {
        await InsertedAsync(Entry(1), Entry(2));
        var handle = Handles[0];
        var all = await handle.ReadAll();
        var one = await handle.ReadRow(Silo(1));
        var votes = all.TryGet(Silo(1))!.Item1.SuspectTimes;
        var (allThen, oneThen, votesThen) = (Rows(all).ToList(), Rows(one).ToList(), votes!.ToList());

        await BeatAsync(1, Start.AddHours(1));
        var changed = Entry(1, SiloStatus.ShuttingDown);
        changed.SuspectTimes!.Add(Tuple.Create(Silo(2), Start.AddHours(2)));
        await UpdatedAsync(changed);
        await UpdatedAsync(Entry(2, SiloStatus.Dead));
        await Table.CleanupDefunctSiloEntries(Start.AddDays(1));
        await Table.DeleteMembershipTableEntries(ClusterId);

        Assert.Equal(allThen, Rows(all));
        Assert.Equal(oneThen, Rows(one));
        Assert.Equal(votesThen, votes);
    });

    [Fact]
    public Task What_a_caller_does_to_an_updated_entry_afterwards_does_not_reach_the_table() => CaseAsync(async () =>
    {
        await InsertedAsync(Entry(1, SiloStatus.Joining));
        var entry = Entry(1);
        var before = await UpdatedAsync(entry);

        entry.Status = SiloStatus.Dead;
        entry.HostName = "mine";
        entry.SuspectTimes!.Add(Tuple.Create(Silo(2), Start));

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task What_a_reader_does_to_one_row_that_it_read_does_not_reach_the_table() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));
        var asked = Table;
        var read = (await asked.ReadRow(Silo(1))).Members[0].Item1;

        read.Status = SiloStatus.Dead;
        read.SuspectTimes!.Clear();

        Assert.Equal(Rows(before), Rows(await asked.ReadRow(Silo(1))));
        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task Names_that_are_missing_and_an_address_of_the_sixth_version_stay_what_they_are() => CaseAsync(async () =>
    {
        var entry = Entry(1);
        entry.SiloAddress = SiloAddress.New(System.Net.IPAddress.Parse("2001:db8::1"), 11111, Silo(1).Generation);
        (entry.HostName, entry.SiloName, entry.RoleName) = (null!, "", null);
        (entry.UpdateZone, entry.FaultZone, entry.ProxyPort) = (int.MaxValue, int.MinValue, 0);

        var after = await InsertedAsync(entry);

        Assert.Equal(Show(entry), Show(Assert.Single(after.Members).Item1));
        Assert.Single((await Table.ReadRow(entry.SiloAddress)).Members);
    });

    [Fact]
    public Task A_heartbeat_moves_only_the_time_and_tokens_read_before_it_still_commit() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1), Entry(2));
        var alive = Start.AddMinutes(9).AddTicks(5);

        await BeatAsync(1, alive);

        var after = await Table.ReadAll();
        var expected = Entry(1);
        expected.IAmAliveTime = alive;
        Assert.Equal(Show(expected), Show(after.TryGet(Silo(1))!.Item1));
        Assert.Equal(Show(Entry(2)), Show(after.TryGet(Silo(2))!.Item1));
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(EtagOf(before, 1), EtagOf(after, 1));
        Assert.True(await Table.UpdateRow(Entry(1, SiloStatus.Stopping), EtagOf(before, 1), before.Version.Next()));
        Assert.Equal(alive, (await Table.ReadAll()).TryGet(Silo(1))!.Item1.IAmAliveTime);
    });

    [Fact]
    public Task A_vote_with_tokens_read_before_a_heartbeat_still_commits() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1), Entry(2));
        await BeatAsync(1, Start.AddMinutes(9));
        var suspected = Entry(1);
        suspected.SuspectTimes!.Add(Tuple.Create(Silo(2), Start.AddMinutes(8)));

        Assert.True(await Table.UpdateRow(suspected, EtagOf(before, 1), before.Version.Next()));

        var after = await Table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.Equal(suspected.SuspectTimes, after.TryGet(Silo(1))!.Item1.SuspectTimes);
    });

    [Fact]
    public Task Heartbeats_are_blind_whatever_else_the_entry_says() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));
        var (alive, other) = (Start.AddMinutes(9), Entry(1, SiloStatus.Dead));
        (other.HostName, other.SuspectTimes, other.IAmAliveTime) = ("other", [], alive);

        await Table.UpdateIAmAlive(other);
        await BeatAsync(1, alive);
        await BeatAsync(1, alive);
        await Table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Silo(1), IAmAliveTime = Start });
        await Table.UpdateIAmAlive(new MembershipEntry { SiloAddress = Silo(2), IAmAliveTime = alive });

        var expected = Entry(1);
        expected.IAmAliveTime = alive;
        var after = await Table.ReadAll();
        Assert.Equal(Show(expected), Show(Assert.Single(after.Members).Item1));
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(EtagOf(before, 1), EtagOf(after, 1));
    });
}
