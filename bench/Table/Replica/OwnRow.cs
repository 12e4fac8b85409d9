using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;
using TableBench.Backends;

namespace TableBench.Replica;

/// <summary>
/// The row of a silo that is not started: without one a voter would not count as a silo that lives, and a caller would
/// count as one that still joins, whose reads are put in order.
/// </summary>
internal static class OwnRow
{
    public static async Task InsertAsync(IHost host, CancellationToken stop)
    {
        var table = ProviderHost.Table(host);
        var self = host.Services.GetRequiredService<ILocalSiloDetails>();
        var entry = new MembershipEntry
        {
            SiloAddress = self.SiloAddress,
            SiloName = self.Name,
            HostName = self.DnsHostName,
            Status = SiloStatus.Active,
            StartTime = DateTime.UtcNow,
            IAmAliveTime = DateTime.UtcNow,
        };
        var isInserted = false;
        while (!isInserted)
        {
            var now = await table.ReadAllAsync(stop);
            isInserted = await table.InsertRowAsync(entry, now.Version.Next(), stop);
        }
    }
}
