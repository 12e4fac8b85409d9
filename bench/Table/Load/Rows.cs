using System.Net;
using Orleans;
using Orleans.Runtime;

namespace TableBench.Load;

/// <summary>The rows that the benchmark puts into a table.</summary>
internal static class Rows
{
    private static readonly DateTime Start = DateTime.UtcNow;
    private static int _made;

    /// <summary>Of a silo that lives; it stays.</summary>
    public static MembershipEntry Active() => Entry(SiloStatus.Active, Start);

    /// <summary>Of a silo that died long ago, so that a clean-up removes it.</summary>
    public static MembershipEntry Dead() => Entry(SiloStatus.Dead, Start.AddDays(-2));

    public static DateTimeOffset DeadBefore => new(Start.AddDays(-1));

    /// <summary>Adds rows until there are so many; a table never shrinks.</summary>
    public static async Task FillAsync(IMembershipTable table, int rows, CancellationToken stop)
    {
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            var now = await table.ReadAllAsync(stop);
            if (now.Members.Count >= rows) return;
            await table.InsertRowAsync(Active(), now.Version.Next(), stop);
        }
    }

    private static MembershipEntry Entry(SiloStatus status, DateTime time)
    {
        var number = Interlocked.Increment(ref _made);
        var address = new IPAddress([10, (byte)(number >> 16), (byte)(number >> 8), (byte)number]);
        return new MembershipEntry
        {
            SiloAddress = SiloAddress.New(address, 11111, 100_000_000 + number),
            Status = status,
            SiloName = $"silo-{number}",
            HostName = $"silo-{number}.orleans.shop.svc.cluster.local",
            ProxyPort = 30000,
            StartTime = time,
            IAmAliveTime = time,
        };
    }
}
