using System.Collections.Concurrent;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    [Fact]
    public Task Of_twenty_inserts_with_one_token_one_wins() => CaseAsync(async () =>
    {
        var before = await Table.ReadAll();
        var next = before.Version.Next();

        var won = await Task.WhenAll(Enumerable.Range(1, 20).Select(number => Table.InsertRow(Entry(number), next)));

        var winner = Assert.Single(won.Index(), attempt => attempt.Item).Index + 1;
        var after = await Table.ReadAll();
        Assert.Equal(next.Version, after.Version.Version);
        Assert.Equal(Silo(winner), Assert.Single(after.Members).Item1.SiloAddress);
    });

    [Fact]
    public Task Contending_updates_each_win_once_and_end_at_exactly_the_right_version() => CaseAsync(async () =>
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
    });

    [Fact]
    public Task Of_updates_of_different_rows_with_one_table_token_one_wins() => CaseAsync(async () =>
    {
        int[] numbers = [.. Enumerable.Range(1, 6)];
        var before = await InsertedAsync([.. numbers.Select(number => Entry(number))]);

        var won = await Task.WhenAll(numbers.Select(number => Table.UpdateRow(
            Entry(number, SiloStatus.ShuttingDown), EtagOf(before, number), before.Version.Next())));

        var winner = Assert.Single(won.Index(), attempt => attempt.Item).Index + 1;
        var after = await Table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.All(numbers, number => Assert.Equal(
            number == winner ? SiloStatus.ShuttingDown : SiloStatus.Active,
            after.TryGet(Silo(number))!.Item1.Status));
    });

    [Fact]
    public Task Of_many_updates_of_one_row_none_is_lost_doubled_or_denied() => CaseAsync(async () =>
    {
        const int writers = 10, each = 2;
        var before = await InsertedAsync(Entry(1));

        var denied = await Task.WhenAll(Enumerable.Range(1, writers).Select(writer => AddVotesAsync(writer, each)));

        var after = await Table.ReadAll();
        var votes = after.Members[0].Item1.SuspectTimes!.Select(vote => vote.Item2).Skip(1).ToList();
        Assert.Equal(votes.Count, votes.Distinct().Count());
        Assert.Equal(writers * each, votes.Count);
        Assert.Empty(votes.Intersect(denied.SelectMany(times => times)));
        Assert.Equal(before.Version.Version + votes.Count, after.Version.Version);
    });

    // Each try casts a vote at a time of its own, so that the row tells which tries were committed. Returns those that
    // the table said were not.
    private async Task<List<DateTime>> AddVotesAsync(int writer, int count)
    {
        var (denied, tries) = (new List<DateTime>(), 0);
        for (var done = 0; done < count;)
        {
            var handle = Table;
            var table = await handle.ReadAll();
            var entry = table.TryGet(Silo(1))!.Item1;
            var time = Start.AddHours(writer).AddSeconds(++tries);
            entry.AddSuspector(Silo(900 + writer), time);
            bool? won = null;
            try
            {
                won = await handle.Raw.UpdateRow(entry, EtagOf(table, 1), table.Version.Next());
            }
            catch (TimeoutException) when (MayLoseAnswers)
            {
                // Asked again with the same tokens it must lose: then whatever became of the first is settled.
                while (await IsOpenAsync(table.Version)) await Task.Yield();
                won = (await Table.ReadAll()).Members[0].Item1.SuspectTimes!.Any(vote => vote.Item2 == time);
            }

            if (won.Value) done++;
            else denied.Add(time);
        }

        return denied;
    }

    // Whether the table still stands where it stood: then a try whose outcome is unknown may yet be committed.
    private async Task<bool> IsOpenAsync(TableVersion version) =>
        (await Table.ReadAll()).Version.VersionEtag == version.VersionEtag;

    [Fact]
    public Task Readers_beside_a_writer_see_only_what_was_committed() => CaseAsync(async () =>
    {
        const int rows = 24, changes = 12;
        var entries = Enumerable.Range(1, rows).ToDictionary(number => Silo(number), number => Entry(number));
        var start = await InsertedAsync([.. entries.Values]);
        var committed = new Dictionary<int, string[]> { [start.Version.Version] = Expected(entries.Values) };
        var seen = new ConcurrentBag<MembershipTableData>();
        var seenOne = new ConcurrentBag<(SiloAddress Silo, MembershipTableData Table)>();

        var writing = ChangeAsync(entries, committed, changes);
        await Task.WhenAll(Handles.Select(async reader =>
        {
            do
            {
                seen.Add(await reader.ReadAll());
                foreach (var silo in new[] { Silo(1), Silo(2), Silo(rows + 1) })
                    seenOne.Add((silo, await reader.ReadRow(silo)));
            }
            while (!writing.IsCompleted);
        }));
        await writing;

        Assert.All(seen, table => Assert.Equal(
            committed[table.Version.Version], Expected(table.Members.Select(member => member.Item1))));
        Assert.All(seenOne, one => Assert.Equal(
            committed[one.Table.Version.Version].Where(row => row.StartsWith($"{one.Silo.ToParsableString()}|")),
            one.Table.Members.Select(member => Show(member.Item1))));
    });

    // The only writer, so it knows what each version holds: now and then a row dies and is cleaned up.
    private async Task ChangeAsync(
        Dictionary<SiloAddress, MembershipEntry> entries, Dictionary<int, string[]> committed, int changes)
    {
        var version = committed.Keys.Single();
        for (var change = 1; change <= changes; change++)
        {
            var entry = entries[Silo(change % 6 == 0 ? 20 - change : 1 + (change % 4))];
            entry.FaultZone = change;
            if (change % 6 == 0) entry.Status = SiloStatus.Dead;
            await UpdatedAsync(entry);
            committed[++version] = Expected(entries.Values);
            if (entry.Status != SiloStatus.Dead) continue;
            entries.Remove(entry.SiloAddress);
            await Table.CleanupDefunctSiloEntries(Start.AddDays(1));
            committed[++version] = Expected(entries.Values);
        }
    }

    private static string[] Expected(IEnumerable<MembershipEntry> entries) =>
        [.. entries.Select(Show).Order(StringComparer.Ordinal)];

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
