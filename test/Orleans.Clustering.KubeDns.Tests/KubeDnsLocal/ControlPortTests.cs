using System.Net;
using System.Text;
using System.Text.Json;
using DnsClient;
using KubeDns.Local.Control;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

public sealed class ControlPortTests : IAsyncLifetime
{
    private const string Name = "orleans.default.svc.cluster.local.";

    private const string Service = """{ "ports": [{ "name": "discovery", "port": 11112 }] }""";
    private const string Pod = """
        { "addresses": ["127.0.0.1"], "services": ["orleans"], "hostname": "silo-0", "subdomain": "orleans",
          "ports": { "discovery": 21112 } }
        """;

    private LocalDnsServer _dns = null!;
    private HttpClient _http = null!;

    public async Task InitializeAsync()
    {
        _dns = await LocalDnsServer.StartAsync(new() { Control = new IPEndPoint(IPAddress.Loopback, 0) });
        _http = new HttpClient { BaseAddress = new Uri($"http://{_dns.ControlEndPoint}") };
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _dns.DisposeAsync();
    }

    [Fact]
    public async Task Services_and_pods_come_change_and_go()
    {
        await SendAsync("PUT", "/namespaces/default/services/orleans", Service);
        await SendAsync("PUT", "/namespaces/default/pods/silo-0", Pod);
        Assert.Equal("127.0.0.1", await AddressesAsync());
        await SendAsync("PATCH", "/namespaces/default/pods/silo-0", """{ "ready": false }""");
        Assert.Equal("", await AddressesAsync());
        await SendAsync("PATCH", "/namespaces/default/pods/silo-0", """{ "ready": true, "addresses": ["10.0.0.7"] }""");
        Assert.Equal("10.0.0.7", await AddressesAsync());
        await SendAsync("PATCH", "/namespaces/default/pods/silo-0", """{ "terminating": true }""");
        Assert.Equal("", await AddressesAsync());
        await SendAsync("DELETE", "/namespaces/default/pods/silo-0", null);
        await SendAsync("DELETE", "/namespaces/default/services/orleans", null);
        Assert.Empty(_dns.Cluster.Describe().Pods);
        Assert.Empty(_dns.Cluster.Describe().Services);
    }

    [Fact]
    public async Task Faults_come_and_go()
    {
        await SendAsync("PUT", "/namespaces/default/services/orleans", Service);
        await SendAsync("PUT", "/namespaces/default/pods/silo-0", Pod);
        await SendAsync("PUT", "/faults", """{ "answer": "servFail" }""");
        Assert.Equal(DnsHeaderResponseCode.ServerFailure, await CodeAsync());
        await SendAsync("PUT", "/namespaces/default/services/orleans/faults", """{ "answer": "nxDomain" }""");
        Assert.Equal(DnsHeaderResponseCode.NotExistentDomain, await CodeAsync());
        await SendAsync("DELETE", "/namespaces/default/services/orleans/faults", null);
        await SendAsync("DELETE", "/faults", null);
        Assert.Equal(DnsHeaderResponseCode.NoError, await CodeAsync());
        await SendAsync("PUT", "/synchronised", """{ "synchronised": false }""");
        Assert.Equal(DnsHeaderResponseCode.ServerFailure, await CodeAsync());
    }

    [Fact]
    public async Task Endpoint_pod_names_can_be_turned_on_and_off_under_the_same_addresses()
    {
        await SendAsync("PUT", "/namespaces/default/services/orleans", Service);
        await SendAsync("PUT", "/namespaces/default/pods/silo-x7",
            """{ "addresses": ["10.0.0.7"], "services": ["orleans"] }""");
        await SendAsync("PUT", "/namespaces/default/pods/silo-0", Pod);
        Assert.Equal("10-0-0-7 silo-0", await TargetsAsync());

        await SendAsync("PUT", "/endpointPodNames", """{ "endpointPodNames": true }""");
        Assert.Equal("silo-0 silo-x7", await TargetsAsync());
        Assert.Contains("\"endpointPodNames\": true", await _http.GetStringAsync("/state"));

        await SendAsync("PUT", "/endpointPodNames", """{ "endpointPodNames": false }""");
        Assert.Equal("10-0-0-7 silo-0", await TargetsAsync());
    }

    [Fact]
    public async Task Namespace_can_be_empty()
    {
        await SendAsync("PUT", "/namespaces/lonely", null);
        var answer = await new DnsProbe(_dns).AskAsync("lonely.svc.cluster.local.", QueryType.A);
        Assert.Equal(DnsHeaderResponseCode.NoError, answer.Header.ResponseCode);
    }

    [Fact]
    public async Task State_can_be_read_and_started_from()
    {
        KnownCluster.State.ApplyTo(_dns.Cluster);
        _dns.Cluster.SetServiceFaults("testns", "hdls1", new() { Tcp = TransportFault.Closed, Ttl = 1 });
        var state = await _http.GetStringAsync("/state");

        await using var again = await LocalDnsServer.StartAsync(
            new() { Cluster = ClusterJson.Read<ClusterState>(state) });
        Assert.Equal(state, JsonSerializer.Serialize(again.Cluster.Describe(), ClusterJson.Options));
    }

    [Theory]
    [InlineData("ipv4", "10.0.0.1", "")]
    [InlineData("ipv6", "", "fd00::1")]
    [InlineData("dualStack", "10.0.0.1", "fd00::1")]
    public async Task Families_are_told_as_documented(string families, string v4, string v6)
    {
        await SendAsync("PUT", "/namespaces/default/services/orleans", $"{{ \"families\": \"{families}\" }}");
        await SendAsync("PUT", "/namespaces/default/pods/silo-0",
            """{ "addresses": ["10.0.0.1", "fd00::1"], "services": ["orleans"] }""");
        Assert.Equal(v4, await AddressesAsync());
        var answer = await new DnsProbe(_dns).AskAsync(Name, QueryType.AAAA);
        Assert.Equal(v6, string.Join(' ', answer.Answers.AaaaRecords().Select(a => a.Address)));
        Assert.Contains($"\"families\": \"{families}\"", await _http.GetStringAsync("/state"));
    }

    [Fact]
    public async Task Documented_configuration_is_accepted()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Root(), "docs", "local-dns.md"));
        var json = page.Split("```json\n")[1].Split("```")[0];
        ClusterJson.Read<ClusterState>(json).ApplyTo(_dns.Cluster);
        var answer = await new DnsProbe(_dns).AskAsync("_discovery._tcp." + Name, QueryType.SRV);
        Assert.Equal([21112, 21113], answer.Answers.SrvRecords().Select(s => (int)s.Port));
    }

    [Theory]
    [InlineData("/faults", "", "JSON")]
    [InlineData("/faults", "null", "null")]
    [InlineData("/faults", "[]", "$")]
    [InlineData("/faults", """{ "anser": "drop" }""", "anser")]
    [InlineData("/faults", """{ "answer": "drops" }""", "$.answer")]
    [InlineData("/faults", """{ "answer": 1 }""", "$.answer")]
    [InlineData("/faults", """{ "ttl": -1 }""", "ttl")]
    [InlineData("/faults", """{ "publicationDelayMs": -2 }""", "publicationDelayMs")]
    [InlineData("/synchronised", "{}", "synchronised")]
    [InlineData("/namespaces/Default/services/orleans", "{}", "namespace")]
    [InlineData("/namespaces/default/services/or.leans", "{}", "service name")]
    [InlineData("/namespaces/default/services/orleans", "7", "object")]
    [InlineData("/namespaces/default/services/orleans", """{ "name": "other" }""", "other", "orleans")]
    [InlineData("/namespaces/default/services/orleans", """{ "ports": [{ "name": "x", "port": 0 }] }""", "port")]
    [InlineData("/namespaces/default/services/orleans", """{ "ports": [{ "name": "x" }] }""", "port")]
    [InlineData("/namespaces/default/services/orleans", """{ "ports": null }""", "ports")]
    [InlineData("/namespaces/default/pods/silo-0", """{ "addresses": ["127.0.0.x"] }""", "address")]
    [InlineData("/namespaces/default/pods/silo-0", """{ "addresses": ["10.0.0.1", "10.0.0.2"] }""", "family")]
    [InlineData("/namespaces/default/pods/silo-0", """{ "addresses": [null] }""", "address")]
    [InlineData("/namespaces/default/pods/silo-0", """{ "services": [null] }""", "null")]
    [InlineData("/namespaces/default/services/orleans", """{ "ports": [null] }""", "null")]
    [InlineData("/namespaces/default/services/o_o/faults", "{}", "service name")]
    [InlineData("/namespaces/default/pods/silo-0", """{ "hostname": "Silo" }""", "host name")]
    public async Task Bad_input_is_refused_with_a_reason(string path, string body, params string[] words)
    {
        using var response = await _http.PutAsync(path, new StringContent(body, Encoding.UTF8));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.BadRequest, text);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error").GetString()!;
        Assert.True(words.Any(w => error.Contains(w, StringComparison.OrdinalIgnoreCase)), error);
    }

    [Theory]
    [InlineData("PATCH", "/namespaces/default/pods/nobody", "{}")]
    [InlineData("DELETE", "/namespaces/default/pods/nobody", null)]
    [InlineData("DELETE", "/namespaces/default/services/nobody", null)]
    [InlineData("GET", "/nowhere", null)]
    public async Task Missing_things_are_not_found(string method, string path, string? body) =>
        await SendAsync(method, path, body, HttpStatusCode.NotFound);

    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Orleans.Clustering.KubeDns.sln")))
        {
            directory = Path.GetDirectoryName(directory)!;
        }

        return directory;
    }

    private async Task<string> TargetsAsync()
    {
        var answer = await new DnsProbe(_dns).AskAsync("_discovery._tcp." + Name, QueryType.SRV);
        return string.Join(' ', answer.Answers.SrvRecords().Select(s => s.Target.Value.Split('.')[0]).Order());
    }

    private Task<string> AddressesAsync() => new DnsProbe(_dns).AddressesAsync(Name);

    private async Task<DnsHeaderResponseCode> CodeAsync() =>
        (await new DnsProbe(_dns).AskAsync(Name, QueryType.A)).Header.ResponseCode;

    private async Task SendAsync(
        string method, string path, string? body, HttpStatusCode expected = HttpStatusCode.NoContent)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8),
        };
        using var response = await _http.SendAsync(request);
        Assert.True(
            response.StatusCode == expected,
            $"{method} {path}: {response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }
}
