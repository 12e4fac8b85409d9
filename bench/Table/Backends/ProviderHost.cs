using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;

namespace TableBench.Backends;

/// <summary>
/// A silo that is put together and not started: its provider's table is used as Orleans would use it, without Orleans.
/// </summary>
internal static class ProviderHost
{
    public const string Cluster = "bench";

    public static IHost Build(Action<ISiloBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Error).AddSimpleConsole(options => options.SingleLine = true);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (Cluster, Cluster));
            configure(silo);
        });
        return builder.Build();
    }

    public static IMembershipTable Table(IHost host) => host.Services.GetRequiredService<IMembershipTable>();
}
