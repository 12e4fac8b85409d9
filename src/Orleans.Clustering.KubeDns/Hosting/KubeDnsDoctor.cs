using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Doctor;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Clustering.KubeDns.Membership;
using Orleans.Clustering.KubeDns.Transport;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>
/// Looks at everything that a silo of this host depends on to find its peers, and says what is wrong and what mends it.
/// It joins nothing, binds nothing and is no silo to those it greets.
/// </summary>
public static class KubeDnsDoctor
{
    /// <summary>Examines; takes some seconds, and a minute at most where much is silent.</summary>
    /// <param name="services">Those of a host built with <c>UseKubeDnsClustering</c>, started or not.</param>
    /// <param name="progress">Told what is being done, step by step.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The checklist.</returns>
    public static async Task<KubeDnsDoctorReport> ExamineAsync(
        IServiceProvider services, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(services);
        var list = new Checklist();
        if (Settings(services, list) is { } settings)
        {
            await new Examination(settings, list, progress ?? new Progress<string>()).RunAsync(cancellationToken)
                .ConfigureAwait(false);
        }

        return list.Report;
    }

    // The validators' own texts; what they refuse no silo would start with.
    private static DoctorSettings? Settings(IServiceProvider services, Checklist list)
    {
        try
        {
            var validators = services.GetServices<IConfigurationValidator>();
            validators.OfType<KubeDnsClusteringOptionsValidator>().Single().ValidateConfiguration();
            var settings = Compose(services);
            list.Right("options", $"ServiceName {settings.Discovery.ServiceName}, ReadyServiceName "
                + $"{settings.Ready?.ServiceName ?? "not set"}, port {settings.PortName}/{settings.Identity.Port}");
            return settings;
        }
        catch (OrleansConfigurationException fault)
        {
            list.Wrong("options", fault.Message);
            return null;
        }
    }

    private static DoctorSettings Compose(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<KubeDnsClusteringOptions>>().Value;
        var cluster = services.GetRequiredService<IOptions<ClusterOptions>>().Value;
        var silo = services.GetRequiredService<ILocalSiloDetails>().SiloAddress;
        return new DoctorSettings(
            SiloComposition.IdentityOf(services, options, silo.Endpoint.Address),
            SiloComposition.Name(options.ServiceName, options),
            options.PortName,
            SiloComposition.Resolver(options.NameServers, options.ResolvConf),
            new ClusterKey(cluster.ServiceId, cluster.ClusterId),
            RowMapping.ToSiloId(silo))
        {
            Ready = options.ReadyServiceName is { Length: > 0 } name ? SiloComposition.Name(name, options) : null,
            MinimumSilos = options.MinimumSilos,
            HostName = Dns.GetHostName(),
            SecretFile = options.SecretFile,
            Secrets = () => new SecretFiles(options.SecretFile, options.PreviousSecretFile, NullLogger.Instance),
            Status = SiloComposition.StatusEndPoint(services),
        };
    }
}
