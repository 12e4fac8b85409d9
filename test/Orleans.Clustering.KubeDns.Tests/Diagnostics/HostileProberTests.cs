using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Diagnostics;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Clustering.KubeDns.Tests.Transport;
using Orleans.Runtime;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>Callers of the status port that are no kubelet, while one probes: anybody may be one.</summary>
[Collection(Alone.Name)]
public sealed class HostileProberTests(ITestOutputHelper output)
{
    private const int Seed = 20_251_127;
    private const int Visits = 2_000;
    private const long MemoryBound = 32 * 1024 * 1024;

    // Kestrel ends what is silent or slow after 5 s; the rest is room for a busy machine.
    private static readonly TimeSpan CloseBound = TimeSpan.FromSeconds(5 + 10);

    [Fact]
    public async Task Two_thousand_hostile_visits_harm_no_probe()
    {
        using var escapes = new Escapes();
        var log = new LogLines();
        await using var endpoint = Endpoint(log, out var port);
        await endpoint.StartAsync(default);
        await HostileVisitorTests.VisitAsync(port, Visitors(), 40, CloseBound);
        var before = Alone.LiveBytes();

        using var over = new CancellationTokenSource();
        var probing = HonestCalls.RepeatAsync(
            async _ => Assert.Equal("live\n", await ProbeAsync(port)), pause: 10, over.Token);
        await HostileVisitorTests.VisitAsync(port, Visitors(), Visits, CloseBound);
        await over.CancelAsync();
        var (probes, slowest) = await probing;

        var grown = Alone.LiveBytes() - before;
        output.WriteLine($"{probes} probes, the slowest {slowest}; {grown} bytes more; {log.All.Count} lines");
        Assert.True(probes > 10 && slowest < TimeSpan.FromSeconds(5), $"{probes} probes, the slowest {slowest}");
        Assert.InRange(grown, long.MinValue, MemoryBound);
        Assert.DoesNotContain(log.All, line => line.Level >= LogLevel.Warning);
        Assert.InRange(log.All.Count, 1, 10);
        escapes.AssertNone();
    }

    [Fact]
    public async Task Idle_connections_keep_no_probe_out()
    {
        var log = new LogLines();
        await using var endpoint = Endpoint(log, out var port);
        await endpoint.StartAsync(default);
        var idle = new List<RawVisitor>();
        for (var i = 0; i < 300; i++) idle.Add(await RawVisitor.ConnectAsync(port));

        Assert.Equal("live\n", await ProbeAsync(port));

        foreach (var visitor in idle) await visitor.DrainAsync(CloseBound);
        idle.ForEach(visitor => visitor.Dispose());
        Assert.DoesNotContain(log.All, line => line.Level >= LogLevel.Warning);
    }

    private static HostileVisits Visitors() =>
        new(Seed, HostileVisits.StatusCorpus(), [.. "GET /livez HTTP/1.1\r\n"u8], stays: 30);

    // A connection of its own for each, as the kubelet does.
    private static async Task<string> ProbeAsync(int port)
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        return await http.GetStringAsync($"http://127.0.0.1:{port}/livez");
    }

    private static StatusEndpoint Endpoint(LogLines log, out int port)
    {
        var free = port = FakeNode.FreePort();
        return new StatusEndpoint(
            () => new IPEndPoint(IPAddress.Loopback, free),
            () => ProbesTests.Status(NodePhase.Joined),
            () => SiloStatus.Active,
            () => false,
            new ServiceCollection().BuildServiceProvider(),
            LoggerFactory.Create(logging => logging.AddProvider(log)));
    }
}
