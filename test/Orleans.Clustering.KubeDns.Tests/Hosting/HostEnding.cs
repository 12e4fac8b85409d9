using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>
/// Ends a silo's host without leaving anything that runs. Where Orleans' silo has started but not stopped, disposing
/// the host makes its grain directory ask a closed membership again and again, on a core of its own until the process
/// ends; such a host is left alone, and only what is ours, and holds ports, is closed.
/// </summary>
internal static class HostEnding
{
    public static async ValueTask EndAsync(IHost host)
    {
        var services = host.Services;
        if (services.GetRequiredService<ISiloStatusOracle>().CurrentStatus == SiloStatus.Dead)
        {
            await ((IAsyncDisposable)host).DisposeAsync();
            return;
        }

        await services.GetRequiredService<StatusEndpoint>().DisposeAsync();
        try
        {
            await services.GetRequiredService<INode>().DisposeAsync();
        }
        catch (Exception fault) when (fault is DiscoveryException or OrleansConfigurationException)
        {
            // It never came to be.
        }
    }
}
