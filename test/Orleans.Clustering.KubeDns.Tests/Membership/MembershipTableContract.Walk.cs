using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

public abstract partial class MembershipTableContract
{
    private const int Steps = 60;

    private enum Move
    {
        InsertNew, InsertDuplicate, InsertStale, UpdateForward, UpdateStaleTable, UpdateStaleRow, UpdateMissing, Beat,
        CleanUp, CleanUpNothing, Successor, ReadOne, Initialise, DeleteAll,
    }

    // Mostly what changes the table, or the rest would have nothing to be refused for.
    private static readonly Move[] Moves =
    [
        .. Enum.GetValues<Move>(),
        .. Enumerable.Repeat(Move.InsertNew, 5),
        .. Enumerable.Repeat(Move.UpdateForward, 10),
    ];

    /// <summary>Any legal sequence of calls, from a fixed seed: after each, the table is what a model says.</summary>
    [Theory]
    [InlineData(17)]
    [InlineData(4711)]
    public Task A_random_walk_agrees_with_a_model(int seed) => CaseAsync(async () =>
    {
        var random = new Random(seed);
        var walk = new Walk(this, (await Table.ReadAll()).Version.Version);
        for (var step = 0; step < Steps; step++)
        {
            var move = Moves[random.Next(Moves.Length)];
            if (move == Move.DeleteAll && random.Next(4) != 0) continue;
            await walk.MakeAsync(move, random);
        }

        Assert.True(walk.Commits > Steps / 4, $"Only {walk.Commits} of {Steps} steps changed the table.");
    });

    /// <summary>The model: entries by silo and a version, moved by nothing but the contract's words.</summary>
    private sealed class Walk(MembershipTableContract contract, int version)
    {
        private readonly Dictionary<SiloAddress, MembershipEntry> _rows = [];
        private MembershipTableData? _before;
        private int _number;

        public int Commits { get; private set; }

        public async Task MakeAsync(Move move, Random random)
        {
            var now = await contract.Table.ReadAll();
            var some = now.Members.Count > 0 ? now.Members[random.Next(now.Members.Count)].Item1 : null;
            await MakeAsync(move, now, some, random);
            await AgreeAsync(move);
            _before = now;
        }

        private async Task MakeAsync(Move move, MembershipTableData now, MembershipEntry? some, Random random)
        {
            var (table, next) = (contract.Table, now.Version.Next());
            var isStale = _before is not null && _before.Version.Version < now.Version.Version;
            switch (move)
            {
                case Move.InsertNew: await InsertAsync(New(), next); break;
                case Move.Successor when some is { Status: SiloStatus.Dead }:
                    await InsertAsync(After(some), next);
                    break;
                case Move.InsertDuplicate when some is not null:
                    Assert.False(await table.InsertRow(some, next));
                    break;
                case Move.InsertStale when isStale:
                    Assert.False(await table.InsertRow(New(), _before!.Version.Next()));
                    break;
                case Move.UpdateForward when some is not null:
                    await UpdateAsync(some, now, random);
                    break;
                case Move.UpdateStaleTable when some is not null && isStale:
                    Assert.False(await table.UpdateRow(some, Etag(now, some), _before!.Version.Next()));
                    break;
                case Move.UpdateStaleRow when some is not null && _before?.TryGet(some.SiloAddress) is { } old
                        && old.Item2 != Etag(now, some):
                    Assert.False(await table.UpdateRow(some, old.Item2, next));
                    break;
                case Move.UpdateMissing when some is not null:
                    Assert.False(await table.UpdateRow(New(), Etag(now, some), next));
                    break;
                case Move.Beat when some is not null: await BeatAsync(some, random); break;
                case Move.CleanUp: await CleanUpAsync(Start.AddDays(100)); break;
                case Move.CleanUpNothing: await CleanUpAsync(Start); break;
                case Move.Initialise: await table.InitializeMembershipTable(random.Next(2) == 0); break;
                case Move.DeleteAll: await DeleteAsync(); break;
                case Move.ReadOne: await ReadAsync(some?.SiloAddress ?? New().SiloAddress); break;
            }
        }

        private async Task AgreeAsync(Move move)
        {
            var now = await contract.Table.ReadAll();
            Assert.True(version == now.Version.Version, $"{move}: {now.Version.Version} instead of {version}");
            Assert.Equal(Expected(_rows.Values), Expected(now.Members.Select(member => member.Item1)));
        }

        private async Task InsertAsync(MembershipEntry entry, TableVersion next)
        {
            Assert.True(await contract.Table.InsertRow(entry, next));
            _rows.Add(entry.SiloAddress, entry);
            Commit();
        }

        private async Task UpdateAsync(MembershipEntry entry, MembershipTableData now, Random random)
        {
            if (entry.Status < SiloStatus.Dead && random.Next(3) > 0) entry.Status++;
            else entry.AddSuspector(contract.Silo(900 + random.Next(3)), Start.AddTicks(random.Next()));
            Assert.True(await contract.Table.UpdateRow(entry, Etag(now, entry), now.Version.Next()));
            _rows[entry.SiloAddress] = entry;
            Commit();
        }

        private async Task BeatAsync(MembershipEntry entry, Random random)
        {
            var alive = entry.IAmAliveTime.AddSeconds(random.Next(-5, 10));
            var row = _rows[entry.SiloAddress];
            if (alive > row.IAmAliveTime) row.IAmAliveTime = alive;
            do await contract.Table.UpdateIAmAlive(new() { SiloAddress = entry.SiloAddress, IAmAliveTime = alive });
            while (contract.MayLoseAnswers && !await contract.EverybodyShowsAsync(entry.SiloAddress, alive));
        }

        private async Task CleanUpAsync(DateTime before)
        {
            await contract.Table.CleanupDefunctSiloEntries(before);
            var victims = _rows.Values.Where(row => row.Status == SiloStatus.Dead && LastSign(row) < before).ToList();
            victims.ForEach(row => _rows.Remove(row.SiloAddress));
            if (victims.Count > 0) Commit();
        }

        private async Task DeleteAsync()
        {
            await contract.Table.DeleteMembershipTableEntries(ClusterId);
            if (_rows.Count > 0) Commit();
            _rows.Clear();
        }

        private async Task ReadAsync(SiloAddress silo)
        {
            var one = await contract.Table.ReadRow(silo);
            Assert.Equal(version, one.Version.Version);
            Assert.Equal(_rows.Values.Where(row => row.SiloAddress.Equals(silo)).Select(Show),
                one.Members.Select(member => Show(member.Item1)));
        }

        private void Commit()
        {
            version++;
            Commits++;
        }

        private MembershipEntry New() => contract.Entry(++_number, SiloStatus.Created);

        private MembershipEntry After(MembershipEntry dead)
        {
            var entry = New();
            entry.SiloAddress = SiloAddress.New(dead.SiloAddress.Endpoint, entry.SiloAddress.Generation + 5_000);
            return entry;
        }

        private static DateTime LastSign(MembershipEntry row) => (row.SuspectTimes ?? [])
            .Select(vote => vote.Item2).Append(row.StartTime).Append(row.IAmAliveTime).Max();

        private static string Etag(MembershipTableData table, MembershipEntry entry) =>
            table.TryGet(entry.SiloAddress)!.Item2;
    }
}
