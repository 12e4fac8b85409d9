using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Hosting;

/// <summary>What the downward API tells of this pod: its name, which names the silo, and its address.</summary>
internal sealed record PodEnvironment(string? Name, string? Ip)
{
    /// <summary>What fails as one with this pod: its zone, else its node; null where nobody told.</summary>
    public string? FailureDomain { get; init; }

    public static PodEnvironment OfThisProcess() => new(
        Environment.GetEnvironmentVariable("POD_NAME"),
        Environment.GetEnvironmentVariable("POD_IP"))
    {
        FailureDomain = Environment.GetEnvironmentVariable("ORLEANS_ZONE") is { Length: > 0 } zone
            ? zone
            : Environment.GetEnvironmentVariable("NODE_NAME"),
    };

    /// <summary>
    /// Fills in what the user leaves unset. As a plain configuration step it runs after the user's earlier steps,
    /// before the later ones, and before Orleans makes up values of its own.
    /// </summary>
    public static void FillIn(IServiceCollection services)
    {
        services.AddOptions<SiloOptions>().Configure<PodEnvironment>((options, pod) =>
        {
            if (!string.IsNullOrEmpty(pod.Name)) options.SiloName ??= pod.Name;
        });
        services.AddOptions<EndpointOptions>().Configure<PodEnvironment>((options, pod) =>
        {
            if (options.AdvertisedIPAddress is null && pod.Address is { } own) options.AdvertisedIPAddress = own;
        });
    }

    private IPAddress? Address => string.IsNullOrEmpty(Ip) ? null
        : IPAddress.TryParse(Ip, out var address) ? address
        : throw new OrleansConfigurationException(
            $"POD_IP is '{Ip}', which is no IP address: set it by the downward API from status.podIP.");
}
