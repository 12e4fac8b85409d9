using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Clustering.KubeDns.Tests.Options;

/// <summary>
/// The hosts of a silo and of a client that say nothing but <c>UseOrleans</c>: all the rest is configuration. They are
/// started at most into the validators.
/// </summary>
internal static class ConfiguredHost
{
    private static int _hosts;

    public static IHost Silo(Action<IConfigurationBuilder> configure)
    {
        var builder = Builder(configure);
        return builder.UseOrleans().Build();
    }

    public static IHost Client(Action<IConfigurationBuilder> configure)
    {
        var builder = Builder(configure);
        return builder.UseOrleansClient().Build();
    }

    public static Action<IConfigurationBuilder> Json(string clustering) => builder => builder.AddJsonStream(
        new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "Orleans": { "Clustering": {{clustering}} } }""")));

    /// <summary>
    /// Sets variables of this very process while the host is built, under a prefix that hosts of other tests ignore.
    /// </summary>
    public static Action<IConfigurationBuilder> Environment(IEnumerable<(string Name, string Value)> variables) =>
        builder =>
        {
            var prefix = $"KUBEDNS_TEST_{Interlocked.Increment(ref _hosts)}_";
            var all = variables.Prepend(("Orleans__Clustering__ProviderType", "KubeDns")).ToList();
            foreach (var (name, value) in all) System.Environment.SetEnvironmentVariable(prefix + name, value);
            builder.AddEnvironmentVariables(prefix);
            foreach (var (name, _) in all) System.Environment.SetEnvironmentVariable(prefix + name, null);
        };

    public static T Options<T>(this IHost host)
        where T : class => host.Services.GetRequiredService<IOptions<T>>().Value;

    private static HostApplicationBuilder Builder(Action<IConfigurationBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        configure(builder.Configuration);
        builder.Services.AddSingleton(new NodeComposition
        {
            Node = _ => throw new NotSupportedException("A silo of these tests never comes that far."),
            Fqdn = (_, _) => null,
            Gateways = _ => throw new NotSupportedException("A client of these tests never comes that far."),
        });
        builder.Services.AddSingleton(new PodEnvironment("silo-0", "127.0.0.1"));
        return builder;
    }
}
