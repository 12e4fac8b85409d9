using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Hosting;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Clustering.KubeDns.Tests.Transport;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>What the transport and a silo around its node tell.</summary>
internal static class LogScenesOfOtherRooms
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public static async Task<IEnumerable<int>> SecretsAsync()
    {
        await using var folder = new SecretFolder("one");
        var (time, log) = (new ManualTime(), new Lines());
        _ = new SecretFiles(null, null, log, time).Now;
        var secrets = new SecretFiles(folder.Current, folder.Previous, log, time);
        foreach (var text in (string?[])["two", null])
        {
            folder.Write(text);
            time.Advance(Second);
            _ = secrets.Now;
        }

        return log.Ids;
    }

    public static async Task<IEnumerable<int>> VisitorsAsync()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync(secrets: rig.Secret(rig.Keep(new SecretFolder("one"))));
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        await visitor.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        visitor.Finish();
        await rig.Log.Seen("a visitor that is no silo");
        await Rig.SendAsync(rig.Client(rig.Secret(rig.Keep(new SecretFolder("two")))), server.Port);
        await rig.Log.Seen("AuthenticationFailed");
        return rig.Log.Ids;
    }

    public static async Task<IEnumerable<int>> MessagesAsync()
    {
        await using var rig = new Rig();
        var failing = await rig.ServeAsync((_, _) => throw new InvalidOperationException("as the test wants"));
        await Rig.SendAsync(rig.Client(), failing.Port);
        await rig.Log.Seen("Handling a message");
        var endless = await rig.ServeAsync((request, ct) => Task.FromResult<Envelope?>(
            request with { Key = new(new string('x', 300), "c") }));
        await Rig.SendAsync(rig.Client(), endless.Port);
        await rig.Log.Seen("is not of the");
        var server = await rig.ServeAsync();
        var twice = rig.Keep(Relay.Start(server.Port, packet =>
            packet.Kind == Piece.Request ? [.. packet.Bytes, .. packet.Bytes] : packet.Bytes));
        await Rig.SendAsync(rig.Client(), twice.Port);
        await rig.Log.Seen("came again");
        var newer = rig.Keep(Relay.Start(server.Port, packet =>
        {
            if (packet.Kind == Piece.Hello) packet.Version++;
            return packet.Bytes;
        }));
        await Rig.SendAsync(rig.Client(), newer.Port);
        await rig.Log.Seen("ProtocolMismatch");
        return rig.Log.Ids;
    }

    public static async Task<IEnumerable<int>> SiloAsync()
    {
        using var lines = new LogLines();
        await using var silo = new SiloUnderTest(
            builder => builder.Services.AddSingleton<ILoggerProvider>(lines),
            new Dictionary<string, string?>
            {
                ["Orleans:ClusterId"] = "shop",
                ["Orleans:ServiceId"] = "shop",
                ["Orleans:Clustering:ProviderType"] = "KubeDns",
                ["Orleans:Clustering:ServiceName"] = "orleans",
                ["Orleans:Clustering:StatusPort"] = $"{FakeNode.FreePort()}",
            });
        await silo.Host.StartAsync();
        silo.Node.HandingOver = Task.FromException(new TimeoutException("as the test wants"));
        await silo.Host.StopAsync();
        return [.. lines.All.Where(line => line.Category.Contains("KubeDns")).Select(line => line.Id)];
    }

    public static async Task<IEnumerable<int>> RefreshAsync()
    {
        using var lines = new LogLines(LogLevel.Debug);
        using var factory = LoggerFactory.Create(
            builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(lines));
        await using var services = new ServiceCollection().BuildServiceProvider();
        using var refresher = new MembershipRefresher(
            services, TimeProvider.System, factory.CreateLogger<MembershipRefresher>());
        refresher.Learned(1001);
        var line = await lines.NextAsync(line => line.Text.Contains("version 1001"), Eventually.Patience);
        Assert.Equal(LogLevel.Debug, line.Level);
        return [line.Id];
    }
}
