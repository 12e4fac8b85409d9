using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

/// <summary>
/// What one table was ever seen to hold, through whichever handle: one version has one content and one etag, no etag
/// has two versions, and nobody who reads later is shown an older table.
/// </summary>
internal sealed class ContractHistory
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, string> _etags = [];
    private readonly Dictionary<string, int> _versions = [];
    private readonly Dictionary<int, string> _rows = [];
    private readonly Dictionary<(int Version, SiloAddress Silo), string> _single = [];
    private int _newest;

    /// <summary>The newest version that anybody was shown so far.</summary>
    public int Newest
    {
        get
        {
            lock (_lock) return _newest;
        }
    }

    /// <summary>A write was answered with true: whoever reads from now on sees this version or a later one.</summary>
    public void Committed(int version)
    {
        lock (_lock) _newest = Math.Max(_newest, version);
    }

    /// <summary>A whole table was read, by a call that began when <paramref name="newest"/> was the newest.</summary>
    public void SawAll(MembershipTableData table, int newest)
    {
        lock (_lock)
        {
            Saw(table.Version, newest);
            RequireSame(_rows, table.Version.Version, string.Join('\n', ContractRows.WithEtags(table)));
            foreach (var (entry, etag) in table.Members) SawRow(table.Version.Version, entry, etag);
        }
    }

    /// <summary>One silo's row was read, or its absence.</summary>
    public void SawOne(MembershipTableData table, int newest)
    {
        lock (_lock)
        {
            Saw(table.Version, newest);
            foreach (var (entry, etag) in table.Members) SawRow(table.Version.Version, entry, etag);
        }
    }

    private void Saw(TableVersion version, int newest)
    {
        Assert.True(version.Version >= newest, $"Version {version.Version} was read after {newest} had been.");
        Assert.False(string.IsNullOrEmpty(version.VersionEtag));
        RequireSame(_etags, version.Version, version.VersionEtag);
        RequireSame(_versions, version.VersionEtag, version.Version);
        _newest = Math.Max(_newest, version.Version);
    }

    private void SawRow(int version, MembershipEntry entry, string etag) =>
        RequireSame(_single, (version, entry.SiloAddress), $"{ContractRows.ShowBarAlive(entry)} {etag}");

    private static void RequireSame<TKey, TValue>(Dictionary<TKey, TValue> seen, TKey key, TValue value)
        where TKey : notnull
    {
        if (seen.TryAdd(key, value)) return;
        Assert.True(Equals(seen[key], value), $"Of {key} two things were seen:\n{seen[key]}\nand then:\n{value}");
    }
}
