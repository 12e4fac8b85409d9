using System.Net;
using System.Net.Http.Json;

namespace Demo;

/// <summary>The part of the API server that the demo needs: the local DNS server's control port.</summary>
internal sealed class DnsControl(HttpClient http, IPEndPoint control)
{
    public const string Namespace = "demo";
    public const string Discovery = "orleans";
    public const string Ready = "orleans-ready";

    private readonly string _base = $"http://{control}";

    public async Task<bool> IsUpAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync($"{_base}/state", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>The two headless services of <c>k8s/common.yaml</c>.</summary>
    public async Task PublishServicesAsync(Network network, CancellationToken cancellationToken)
    {
        var discovery = Port("discovery", network.Discovery);
        await SendAsync(HttpMethod.Put, $"services/{Discovery}",
            new { publishNotReadyAddresses = true, ports = new[] { discovery } }, cancellationToken);
        await SendAsync(HttpMethod.Put, $"services/{Ready}",
            new { ports = new[] { discovery, Port("gateway", network.Gateway) } }, cancellationToken);
    }

    /// <summary>
    /// A pod, not ready yet: of the StatefulSet that governs by the discovery service, or of a Deployment, whose pods
    /// have that subdomain, too, but no host name of their own, so that DNS must be told to go by their names.
    /// </summary>
    public Task PublishPodAsync(Pod pod, bool isOfDeployment, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, $"pods/{pod.Name}", new
        {
            addresses = new[] { pod.Address.ToString() },
            services = new[] { Discovery, Ready },
            hostname = isOfDeployment ? null : pod.Name,
            subdomain = Discovery,
            ports = new { discovery = pod.Network.Discovery, gateway = pod.Network.Gateway },
            ready = false,
        }, cancellationToken);

    public Task SetReadyAsync(Pod pod, bool ready, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"pods/{pod.Name}", new { ready }, cancellationToken);

    /// <summary>The API server was told to delete the pod: it leaves the ready service, but is still there.</summary>
    public Task SetTerminatingAsync(Pod pod, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"pods/{pod.Name}", new { terminating = true }, cancellationToken);

    /// <summary>The pod object is gone.</summary>
    public Task RemovePodAsync(Pod pod, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, $"pods/{pod.Name}", null, cancellationToken);

    /// <summary>A named target port: a pod without a port of that name stays out of the service.</summary>
    private static object Port(string name, int port) => new { name, port, targetPortName = name };

    private async Task SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, $"{_base}/namespaces/{Namespace}/{path}");
        request.Content = body is null ? null : JsonContent.Create(body);
        using var answer = await http.SendAsync(request, cancellationToken);
        if (!answer.IsSuccessStatusCode)
        {
            var text = await answer.Content.ReadAsStringAsync(cancellationToken);
            throw new DemoFailed($"The DNS server refused {method} {path}: {(int)answer.StatusCode} {text}")
            {
                Logs = ["dns"],
            };
        }
    }
}
