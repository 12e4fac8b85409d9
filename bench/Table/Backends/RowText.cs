using System.Globalization;
using System.Text;
using Orleans;
using Orleans.Runtime;

namespace TableBench.Backends;

/// <summary>A row as a line of fields, cheap to read and write, for stores without an Orleans provider.</summary>
internal static class RowText
{
    public static byte[] Write(MembershipEntry entry) => Encoding.UTF8.GetBytes(string.Join('|',
        entry.SiloAddress.ToParsableString(),
        ((int)entry.Status).ToString(CultureInfo.InvariantCulture),
        entry.ProxyPort.ToString(CultureInfo.InvariantCulture),
        entry.HostName,
        entry.SiloName,
        entry.StartTime.Ticks.ToString(CultureInfo.InvariantCulture),
        entry.IAmAliveTime.Ticks.ToString(CultureInfo.InvariantCulture)));

    public static MembershipEntry Read(ReadOnlySpan<byte> row)
    {
        var fields = Encoding.UTF8.GetString(row).Split('|');
        return new MembershipEntry
        {
            SiloAddress = SiloAddress.FromParsableString(fields[0]),
            Status = (SiloStatus)int.Parse(fields[1], CultureInfo.InvariantCulture),
            ProxyPort = int.Parse(fields[2], CultureInfo.InvariantCulture),
            HostName = fields[3],
            SiloName = fields[4],
            StartTime = new DateTime(long.Parse(fields[5], CultureInfo.InvariantCulture), DateTimeKind.Utc),
            IAmAliveTime = new DateTime(long.Parse(fields[6], CultureInfo.InvariantCulture), DateTimeKind.Utc),
        };
    }
}
