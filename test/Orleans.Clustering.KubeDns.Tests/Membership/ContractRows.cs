using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Tests.Membership;

/// <summary>Rows as text, whole, so that a test compares every field and its failure shows both sides.</summary>
internal static class ContractRows
{
    /// <summary>Every row with its etag, heartbeats left out: those move without a commit.</summary>
    public static IEnumerable<string> WithEtags(MembershipTableData table) =>
        table.Members.Select(member => $"{ShowBarAlive(member.Item1)} {member.Item2}").Order(StringComparer.Ordinal);

    public static string Show(MembershipEntry entry) => $"{ShowBarAlive(entry)}|{entry.IAmAliveTime.Ticks}";

    public static string ShowBarAlive(MembershipEntry entry) => string.Join('|',
        entry.SiloAddress.ToParsableString(),
        entry.Status,
        entry.SuspectTimes is null
            ? "null"
            : string.Join(',', entry.SuspectTimes.Select(v => $"{v.Item1.ToParsableString()}={v.Item2.Ticks}")),
        entry.ProxyPort,
        entry.HostName,
        entry.SiloName,
        entry.RoleName ?? "null",
        entry.UpdateZone,
        entry.FaultZone,
        entry.StartTime.Ticks);
}
