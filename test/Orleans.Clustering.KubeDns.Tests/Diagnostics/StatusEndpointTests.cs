using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

public sealed class StatusEndpointTests : IAsyncLifetime
{
    private readonly int _port = FakeNode.FreePort();
    private readonly HttpClient _http = new();
    private readonly StatusEndpoint _endpoint;
    private NodePhase _phase = NodePhase.Joined;
    private bool _stopping;

    public StatusEndpointTests()
    {
        _http.BaseAddress = new Uri($"http://127.0.0.1:{_port}");
        _endpoint = Endpoint(_port);
    }

    public Task InitializeAsync() => _endpoint.StartAsync(CancellationToken.None);

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Each_probe_has_its_path_and_its_line()
    {
        Assert.Equal((HttpStatusCode.OK, "started\n"), await GetAsync("/startupz"));
        Assert.Equal((HttpStatusCode.OK, "live\n"), await GetAsync("/livez"));
        Assert.Equal((HttpStatusCode.OK, "active\n"), await GetAsync("/readyz"));

        _stopping = true;
        _phase = NodePhase.Founding;

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping\n"), await GetAsync("/readyz"));
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "silo-1 is silent; left behind\n"), await GetAsync("/startupz"));
        Assert.Equal((HttpStatusCode.OK, "live\n"), await GetAsync("/livez"));
    }

    [Fact]
    public async Task The_status_is_json_whatever_the_state()
    {
        _phase = NodePhase.Failed;

        using var response = await _http.GetAsync("/statusz");
        using var status = JsonDocument.Parse(await response.Content.ReadAsStreamAsync());

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var root = status.RootElement;
        Assert.Equal("Failed", root.GetProperty("phase").GetString());
        Assert.Equal("Active", root.GetProperty("silo").GetString());
        Assert.Equal("left behind\nby the others", root.GetProperty("diagnosis").GetString());
        Assert.Equal(3, root.GetProperty("tableVersion").GetInt32());
        Assert.Equal("silo-1.orleans.shop.svc.cluster.local", root.GetProperty("self").GetString());
        Assert.Equal(7.25, root.GetProperty("peers")[0].GetProperty("lastAnswerSeconds").GetDouble());
    }

    [Fact]
    public async Task Everything_else_is_refused_shortly()
    {
        Assert.Equal((HttpStatusCode.NotFound, "not found\n"), await GetAsync("/"));
        using var post = await _http.PostAsync("/livez", new StringContent(""));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, post.StatusCode);
        using var head = await _http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/livez"));
        Assert.Equal((HttpStatusCode.OK, ""), (head.StatusCode, await head.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_with_its_remedy()
    {
        await using var second = Endpoint(_port);

        var fault = await Assert.ThrowsAsync<OrleansConfigurationException>(
            () => second.StartAsync(CancellationToken.None));

        Assert.Contains($"StatusPort {_port} cannot be opened", fault.Message);
        Assert.Contains("Set another StatusPort, or 0", fault.Message);
    }

    [Fact]
    public async Task Port_0_turns_it_off_and_disposing_closes_the_port()
    {
        await using var off = Endpoint(0);
        await off.StartAsync(CancellationToken.None);

        await _endpoint.DisposeAsync();

        using var client = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(() => client.ConnectAsync(IPAddress.Loopback, _port));
    }

    private async Task<(HttpStatusCode Code, string Body)> GetAsync(string path)
    {
        using var response = await _http.GetAsync(path);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private StatusEndpoint Endpoint(int port) => new(
        () => new IPEndPoint(IPAddress.Loopback, port),
        () => ProbesTests.Status(_phase),
        () => SiloStatus.Active,
        () => _stopping,
        new ServiceCollection().BuildServiceProvider(),
        NullLoggerFactory.Instance);
}
