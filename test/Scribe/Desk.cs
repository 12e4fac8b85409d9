using Orleans;
using Orleans.Runtime;

namespace Scribe;

/// <summary>
/// Reads and writes through the table that Orleans itself was given. What failed throws, and so its outcome is unknown.
/// </summary>
internal sealed class Desk(IMembershipTable table, ILocalSiloDetails self, ISiloStatusOracle oracle)
{
    private MembershipTableData? _read;

    /// <summary>Orleans alone writes the rows of those that come and go.</summary>
    public bool IsOpen => oracle.CurrentStatus == SiloStatus.Active;

    public async Task<TablePage> ReadAsync()
    {
        var read = _read = await table.ReadAllAsync(CancellationToken.None);
        return new TablePage(self.SiloAddress.ToParsableString(), read.Version.VersionEtag,
            [.. read.Members.Select(member => Row(member.Item1, member.Item2))]);
    }

    /// <summary>True: it won. False: it lost.</summary>
    /// <exception cref="InvalidOperationException">This table was not the last one read here: nothing is asked.
    /// </exception>
    public async Task<bool> WriteAsync(Order order)
    {
        var read = Interlocked.Exchange(ref _read, null);
        if (read?.Version.VersionEtag != order.Etag)
            throw new InvalidOperationException("This is not the table that was read last.");
        var (entry, etag) = read.Members.Single(member => member.Item1.SiloAddress.Equals(self.SiloAddress));
        // Nobody looks at this column, and every write keeps it: Orleans' own, votes, and the end by rule.
        entry.UpdateZone = order.Mark;
        return await table.UpdateRowAsync(entry, etag, read.Version.Next(), CancellationToken.None);
    }

    private static PageRow Row(MembershipEntry entry, string etag)
    {
        var votes = entry.SuspectTimes?.Select(vote => $"{vote.Item1.ToParsableString()}/{vote.Item2.Ticks}") ?? [];
        return new PageRow(entry.SiloAddress.ToParsableString(), $"{entry.Status}", entry.UpdateZone, etag,
            string.Join(' ', votes));
    }
}
