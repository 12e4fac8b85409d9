using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Runtime;

namespace FormationBench.Silo;

/// <summary>Writes a silo's own row again and again, as it is, and tells of each write that won.</summary>
internal sealed class Writer(IHost host)
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(20);

    private readonly IMembershipTable _table = host.Services.GetRequiredService<IMembershipTable>();
    private readonly SiloAddress _self = host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            var begun = DateTime.UtcNow;
            try
            {
                if (await WriteAsync(stop)) Console.WriteLine(new Wrote(DateTime.UtcNow, begun));
            }
            catch (Exception) when (!stop.IsCancellationRequested)
            {
                // Not written, or not known to be: that is what is measured.
            }

            await Task.Delay(Period, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> WriteAsync(CancellationToken stop)
    {
        var now = await _table.ReadAllAsync(stop);
        var (entry, etag) = now.Members.First(row => row.Item1.SiloAddress.Equals(_self));
        return await _table.UpdateRowAsync(entry, etag, now.Version.Next(), stop);
    }
}
