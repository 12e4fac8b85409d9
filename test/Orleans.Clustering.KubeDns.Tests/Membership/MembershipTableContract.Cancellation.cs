using System.Diagnostics;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    // From "before anything was sent" to "after all was done", over what a call takes on this machine.
    private static readonly TimeSpan[] Moments =
        [.. Enumerable.Range(0, 16).Select(step => TimeSpan.FromMicroseconds(step * step * 40))];

    [Fact]
    public Task A_call_that_was_cancelled_beforehand_changes_nothing() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1), Entry(2, SiloStatus.Dead));
        var (next, etag) = (before.Version.Next(), EtagOf(before, 1));
        var beat = new MembershipEntry { SiloAddress = Silo(1), IAmAliveTime = Start.AddDays(1) };
        var table = Handle(NextReplica());
        Func<CancellationToken, Task>[] calls =
        [
            token => table.InitializeMembershipTableAsync(true, token),
            token => table.ReadAllAsync(token),
            token => table.ReadRowAsync(Silo(1), token),
            token => table.InsertRowAsync(Entry(3), next, token),
            token => table.UpdateRowAsync(Entry(1, SiloStatus.Stopping), etag, next, token),
            token => table.UpdateIAmAliveAsync(beat, token),
            token => table.CleanupDefunctSiloEntriesAsync(Start.AddDays(1), token),
            token => table.DeleteMembershipTableEntriesAsync(ClusterId, token),
        ];

        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        foreach (var call in calls)
        {
            var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call(source.Token));
            Assert.Equal(source.Token, error.CancellationToken);
        }

        await AssertUnchangedAsync(before);
    });

    [Fact]
    public Task An_insert_cancelled_at_any_moment_is_there_whole_or_not_at_all_and_is_made_once() =>
        CaseAsync(async () =>
        {
            var before = await Table.ReadAll();
            foreach (var (index, moment) in Moments.Index())
            {
                await CancelAfterAsync(moment, async (table, version, token) =>
                    await table.InsertRowAsync(Entry(index), version.Next(), token));
                await UntilThereAsync(Entry(index), (now, entry) => Table.InsertRow(entry, now.Version.Next()));
            }

            var after = await Table.ReadAll();
            Assert.Equal(Moments.Index().Select(each => Show(Entry(each.Index))).Order(StringComparer.Ordinal),
                after.Members.Select(member => Show(member.Item1)).Order(StringComparer.Ordinal));
            Assert.Equal(before.Version.Version + Moments.Length, after.Version.Version);
        });

    [Fact]
    public Task An_update_cancelled_at_any_moment_is_there_whole_or_not_at_all_and_is_made_once() =>
        CaseAsync(async () =>
        {
            var before = await InsertedAsync(Entry(1), Entry(2));
            foreach (var (index, moment) in Moments.Index())
            {
                var entry = Entry(1, SiloStatus.ShuttingDown);
                entry.UpdateZone = 100 + index;
                entry.SuspectTimes!.Add(Tuple.Create(Silo(2), Start.AddTicks(index)));
                var etag = EtagOf(await Table.ReadAll(), 1);
                await CancelAfterAsync(moment, async (table, version, token) =>
                    await table.UpdateRowAsync(entry, etag, version.Next(), token));
                await UntilThereAsync(entry, (now, wanted) =>
                    Table.UpdateRow(wanted, EtagOf(now, 1), now.Version.Next()));
            }

            var after = await Table.ReadAll();
            Assert.Equal(before.Version.Version + Moments.Length, after.Version.Version);
            Assert.Equal(Show(Entry(2)), Show(after.TryGet(Silo(2))!.Item1));
            Assert.Equal(EtagOf(before, 2), EtagOf(after, 2));
        });

    [Fact]
    public Task A_clean_up_or_deletion_cancelled_at_any_moment_takes_all_its_rows_or_none() => CaseAsync(async () =>
    {
        foreach (var (index, moment) in Moments.Index())
        {
            await InsertedAsync(Entry(1), Entry(2, SiloStatus.Dead), Entry(3, SiloStatus.Dead));
            await CancelAfterAsync(moment, (table, _, token) => index % 2 == 0
                ? table.CleanupDefunctSiloEntriesAsync(Start.AddDays(1), token)
                : table.DeleteMembershipTableEntriesAsync(ClusterId, token));

            await SettleAsync(rows: 3, left: index % 2 == 0 ? 1 : 0);
            await Table.DeleteMembershipTableEntries(ClusterId);
        }
    });

    [Fact]
    public Task Reads_and_heartbeats_cancelled_at_any_moment_move_nothing_but_the_time() => CaseAsync(async () =>
    {
        var before = await InsertedAsync(Entry(1));
        foreach (var (index, moment) in Moments.Index())
        {
            var beat = new MembershipEntry { SiloAddress = Silo(1), IAmAliveTime = Start.AddHours(1 + index) };
            await CancelAfterAsync(moment, (table, _, token) => table.UpdateIAmAliveAsync(beat, token));
            await CancelAfterAsync(moment, (table, _, token) => table.ReadAllAsync(token));
        }

        await BeatAsync(1, Start.AddDays(1));
        var expected = Entry(1);
        expected.IAmAliveTime = Start.AddDays(1);
        var after = await Table.ReadAll();
        Assert.Equal(Show(expected), Show(Assert.Single(after.Members).Item1));
        Assert.Equal(before.Version, after.Version);
    });

    // Either it is told what became of it, or that it was cancelled, which tells nothing of the outcome.
    private async Task CancelAfterAsync(
        TimeSpan moment, Func<KubeDnsMembershipTable, TableVersion, CancellationToken, Task> call)
    {
        var version = (await Table.ReadAll()).Version;
        using var source = new CancellationTokenSource();
        var running = ContractCaller.EndsAsync("cancelled", TimeSpan.FromSeconds(5), async () =>
        {
            await call(Handle(NextReplica()), version, source.Token);
            return true;
        });
        if (moment > TimeSpan.Zero) await Task.WhenAny(running, Task.Delay(moment));
        await source.CancelAsync();
        var error = await Record.ExceptionAsync(() => running);
        Assert.True(error is null or OperationCanceledException || (MayLoseAnswers && error is TimeoutException),
            error?.ToString());
    }

    // As Orleans does: reads anew, and tries again with what it read until its entry is there.
    private async Task UntilThereAsync(
        MembershipEntry wanted, Func<MembershipTableData, MembershipEntry, Task<bool>> write)
    {
        while (true)
        {
            var now = await Table.ReadAll();
            var row = now.TryGet(wanted.SiloAddress);
            if (row is not null && Show(row.Item1) == Show(wanted)) return;
            await write(now, wanted);
        }
    }

    // What was sent before it was cancelled is carried out, or given up by the time at which the call would have ended.
    private async Task SettleAsync(int rows, int left)
    {
        var clock = Stopwatch.StartNew();
        int now;
        do
        {
            now = (await Table.ReadAll()).Members.Count;
            Assert.True(now == rows || now == left, $"{now} of {rows} rows were left.");
        }
        while (now != left && clock.Elapsed < TimeSpan.FromSeconds(6));
    }
}
