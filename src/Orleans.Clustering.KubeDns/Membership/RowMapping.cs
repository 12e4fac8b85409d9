using System.Net;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Membership;

/// <summary>
/// Orleans' mutable entries to rows of plain values, and back: always by copy, so that neither side can change what the
/// other holds. Times travel as ticks, which Orleans takes for UTC whatever their kind says.
/// </summary>
internal static class RowMapping
{
    public static SiloId ToSiloId(SiloAddress address) =>
        new(address.Endpoint.Address.ToString(), address.Endpoint.Port, address.Generation);

    public static SiloAddress ToSiloAddress(SiloId silo) =>
        SiloAddress.New(IPAddress.Parse(silo.Host), silo.Port, silo.Generation);

    /// <summary>
    /// The row of <paramref name="entry"/>. Only a silo's own process knows its incarnation, so a row is owned only
    /// where it is our own. Only then is the name known, too, that DNS gave us after Orleans had asked for it.
    /// </summary>
    public static Row ToRow(MembershipEntry entry, MemberId self)
    {
        var silo = ToSiloId(entry.SiloAddress);
        return new Row(
            silo,
            (SiloState)entry.Status,
            entry.SuspectTimes?.Select(vote => new Suspicion(ToSiloId(vote.Item1), vote.Item2.Ticks)).ToSequence(),
            entry.ProxyPort,
            silo == self.Silo && self.IsNamedByDns ? self.Fqdn : entry.HostName,
            entry.SiloName,
            entry.RoleName,
            entry.UpdateZone,
            entry.FaultZone,
            entry.StartTime.Ticks,
            entry.IAmAliveTime.Ticks,
            silo == self.Silo ? self : null,
            WrittenAt: 0);
    }

    /// <summary>The entry of <paramref name="row"/>, as alive as its newest heartbeat.</summary>
    public static MembershipEntry ToEntry(Row row, long heartbeatTicks) => new()
    {
        SiloAddress = ToSiloAddress(row.Silo),
        Status = (SiloStatus)row.State,
        SuspectTimes = row.Suspicions?.Select(ToVote).ToList(),
        ProxyPort = row.ProxyPort,
        HostName = row.HostName!,
        SiloName = row.SiloName!,
        RoleName = row.RoleName,
        UpdateZone = row.UpdateZone,
        FaultZone = row.FaultZone,
        StartTime = Utc(row.StartTicks),
        IAmAliveTime = Utc(Math.Max(row.AliveTicks, heartbeatTicks)),
    };

    /// <summary>What Orleans reads: the rows that <paramref name="chosen"/> picks, their etags, the version.</summary>
    public static MembershipTableData ToTable(TableView view, Func<SiloId, bool> chosen)
    {
        var members = view.Table.Rows.Values.Where(row => chosen(row.Silo)).Select(row => Tuple.Create(
            ToEntry(row, view.Heartbeats.GetValueOrDefault(row.Silo)),
            new RowTag(view.Tag.Epoch, row.WrittenAt).ToString()));
        return new MembershipTableData(members.ToList(), new TableVersion(view.Tag.Version, view.Tag.ToString()));
    }

    private static Tuple<SiloAddress, DateTime> ToVote(Suspicion vote) =>
        Tuple.Create(ToSiloAddress(vote.By), Utc(vote.Ticks));

    private static DateTime Utc(long ticks) => new(ticks, DateTimeKind.Utc);
}
