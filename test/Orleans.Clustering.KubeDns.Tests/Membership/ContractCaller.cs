using System.Diagnostics;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

/// <summary>
/// A handle on the table, used as Orleans uses it: who is not told an outcome reads anew, and goes on from what it
/// finds. Each call is held against its bound, and what it showed against everything shown before.
/// </summary>
internal sealed class ContractCaller(KubeDnsMembershipTable table, ContractHistory history, bool mayLoseAnswers)
{
    /// <summary>For a machine on which much else runs.</summary>
    private static readonly TimeSpan Allowance = TimeSpan.FromSeconds(2);

    private static readonly KubeDnsClusteringOptions Options = new();

    /// <summary>The table itself: what it throws reaches the test.</summary>
    public KubeDnsMembershipTable Raw => table;

    public Task InitializeMembershipTable(bool tryInitTableVersion) =>
        table.InitializeMembershipTable(tryInitTableVersion);

    public Task<MembershipTableData> ReadAll() => UntilToldAsync("ReadAll", Options.ReadTimeout, async () =>
    {
        var newest = history.Newest;
        var seen = await table.ReadAll();
        history.SawAll(seen, newest);
        return seen;
    });

    public Task<MembershipTableData> ReadRow(SiloAddress key) =>
        UntilToldAsync("ReadRow", Options.ReadTimeout, async () =>
        {
            var newest = history.Newest;
            var seen = await table.ReadRow(key);
            history.SawOne(seen, newest);
            return seen;
        });

    public Task<bool> InsertRow(MembershipEntry entry, TableVersion version) =>
        WriteAsync("InsertRow", entry, version, () => table.InsertRow(entry, version));

    public Task<bool> UpdateRow(MembershipEntry entry, string etag, TableVersion version) =>
        WriteAsync("UpdateRow", entry, version, () => table.UpdateRow(entry, etag, version));

    public Task UpdateIAmAlive(MembershipEntry entry) => UntilToldAsync(
        "UpdateIAmAlive", Options.OperationTimeout, () => table.UpdateIAmAlive(entry));

    public Task CleanupDefunctSiloEntries(DateTimeOffset before) => UntilToldAsync(
        "CleanupDefunctSiloEntries", Options.OperationTimeout, () => table.CleanupDefunctSiloEntries(before));

    public Task DeleteMembershipTableEntries(string clusterId) => UntilToldAsync(
        "DeleteMembershipTableEntries", Options.OperationTimeout, () => table.DeleteMembershipTableEntries(clusterId));

    /// <summary>Runs one call, which must return or throw within its limit.</summary>
    public static async Task<T> EndsAsync<T>(string what, TimeSpan limit, Func<Task<T>> call)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            return await call();
        }
        finally
        {
            Assert.True(clock.Elapsed < limit + Allowance, $"{what} took {clock.Elapsed}; its limit is {limit}.");
        }
    }

    private async Task<bool> WriteAsync(
        string what, MembershipEntry entry, TableVersion version, Func<Task<bool>> write)
    {
        // What the caller does to its entry while the call is under way is its own affair.
        var wanted = ContractRows.ShowBarAlive(entry);
        var unknown = false;
        while (true)
        {
            try
            {
                var won = await EndsAsync(what, Options.OperationTimeout, write);
                if (won) history.Committed(version.Version);
                else if (unknown) won = Holds(await ReadAll(), entry.SiloAddress, wanted, version.Version);
                return won;
            }
            catch (TimeoutException) when (mayLoseAnswers)
            {
                unknown = true;
            }

            // Not told: it is there, or another was first, or the table stands where it stood and may be asked again.
            var now = await ReadAll();
            if (Holds(now, entry.SiloAddress, wanted, version.Version)) return true;
            if (now.Version.VersionEtag != version.VersionEtag) return false;
        }
    }

    // A row's etag says which version wrote it, and one version has one writer.
    private static bool Holds(MembershipTableData table, SiloAddress silo, string wanted, int version) =>
        table.TryGet(silo) is { } row
        && RowTag.Parse(row.Item2)?.Version == version
        && ContractRows.ShowBarAlive(row.Item1) == wanted;

    private Task UntilToldAsync(string what, TimeSpan limit, Func<Task> call) => UntilToldAsync(what, limit, async () =>
    {
        await call();
        return true;
    });

    // For what may be done twice.
    private async Task<T> UntilToldAsync<T>(string what, TimeSpan limit, Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await EndsAsync(what, limit, call);
            }
            catch (TimeoutException) when (mayLoseAnswers)
            {
                // The outcome is unknown, or nothing was read: again.
            }
        }
    }
}
