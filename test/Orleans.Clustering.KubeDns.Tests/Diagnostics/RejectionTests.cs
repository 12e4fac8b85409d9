using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Tests.Transport;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Http2Bytes;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>Each reason to turn somebody away, provoked once over a socket, and seen once by a collector.</summary>
public sealed class RejectionTests : IDisposable
{
    private static readonly string Mac = Convert.ToBase64String(new byte[Macs.Size]);
    private static readonly string Session = Convert.ToBase64String(new byte[Macs.NonceSize]);

    private readonly Collector _collector = new();

    public void Dispose() => _collector.Dispose();

    /// <summary>The reason; the conversation; what else is counted of the connection that brought it.</summary>
    public static TheoryData<string, string> Reasons => new()
    {
        { "stranger", "" },
        { "not_found", "stranger" },
        { "no_length", "stranger" },
        { "oversized", "stranger" },
        { "too_slow", "stranger" },
        { "broken_off", "stranger" },
        { "malformed", "stranger" },
        { "wrong_version", "" },
        { "unknown_session", "" },
        { "unauthenticated", "" },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task What_a_visitor_is_rejected_for_is_counted_once(string reason, string also)
    {
        await using var rig = new Rig { Options = new() { ReadTimeout = TimeSpan.FromSeconds(0.3) } };
        var server = await ServeAsync(rig);
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        await visitor.SendAsync(Conversation(reason));
        if (reason != "stranger") await SeenAsync(reason);
        visitor.Finish();
        await visitor.DrainAsync();
        await server.DisposeAsync();

        Assert.Equal(Lines(reason, also), Rejections());
        var failures = _collector.Collect().Where(line => !line.StartsWith("rejections"));
        Assert.Equal(
            reason switch
            {
                "unauthenticated" => ["auth_failures 1"],
                "wrong_version" => ["version_mismatches 1"],
                _ => [],
            },
            failures);
    }

    [Fact]
    public async Task A_connection_that_is_displaced_is_counted_once_and_not_as_a_stranger_too()
    {
        await using var rig = new Rig { Options = new() { MaxConnections = 1 } };
        var server = await ServeAsync(rig);
        using var first = await RawVisitor.ConnectAsync(server.Port);
        using var second = await RawVisitor.ConnectAsync(server.Port);
        await first.DrainAsync();
        second.Finish();
        await second.DrainAsync();
        await server.DisposeAsync();

        Assert.Equal(Lines("stranger", "too_many_connections"), Rejections());
    }

    [Fact]
    public async Task A_request_without_room_is_counted_once()
    {
        await using var rig = new Rig { Options = new() { MaxUntrustedRequests = 1 } };
        var server = await ServeAsync(rig);
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        byte[] both = [.. Hello, .. Post(1, Wire.MessagePath, 100), .. Post(3, Wire.MessagePath, 100)];
        await visitor.SendAsync(both);
        await SeenAsync("overloaded");
        visitor.Finish();
        await visitor.DrainAsync();
        await server.DisposeAsync();

        Assert.Equal(Lines("broken_off", "overloaded", "stranger"), Rejections());
    }

    [Theory]
    [InlineData("replayed")]
    [InlineData("failed")]
    [InlineData("timed_out")]
    public async Task What_a_silo_is_rejected_for_is_counted_once(string reason)
    {
        await using var rig = new Rig { Options = new() { HandlerTimeout = TimeSpan.FromSeconds(0.3) } };
        var server = await ServeAsync(rig, reason switch
        {
            "failed" => (_, _) => throw new InvalidOperationException("as the test wants"),
            "timed_out" => (_, _) => new TaskCompletionSource<Envelope?>().Task,
            _ => Echo,
        });
        var relay = rig.Keep(await Relay.StartAsync(server.Port, async (relay, packet) =>
        {
            var reply = await relay.ForwardAsync(packet);
            return reason == "replayed" && packet.Path == Wire.MessagePath ? await relay.ForwardAsync(packet) : reply;
        }));
        await SendAsync(rig.Client(), relay.Port);

        Assert.Equal(Lines(reason), Rejections());
    }

    private static byte[] Conversation(string reason)
    {
        (string, string) mac = (Wire.MacHeader, Mac), session = (Wire.SessionHeader, Session);
        byte[] message = new WireCodec(WireLimits.Default).Encode(Probe(1));
        byte[] opening = [WireCodec.Version, .. new byte[Macs.NonceSize]];
        byte[] newer = [WireCodec.Version + 1, .. message[1..]];
        return reason switch
        {
            "stranger" => Preface[..7],
            "not_found" => [.. Hello, .. Post(1, "/elsewhere", 0)],
            "no_length" => [.. Hello, .. Post(1, Wire.MessagePath, null), .. Body(1, message)],
            "oversized" => [.. Hello, .. Post(1, Wire.MessagePath, 100_000_000), .. Body(1, message)],
            "too_slow" => [.. Hello, .. Post(1, Wire.MessagePath, message.Length)],
            "broken_off" => [.. Hello, .. Post(1, Wire.MessagePath, message.Length), .. Body(1, message[..5])],
            "malformed" => [.. Hello, .. Post(1, Wire.MessagePath, message.Length), .. Body(1, message)],
            "wrong_version" => [.. Hello, .. Post(1, Wire.MessagePath, newer.Length), .. Body(1, newer)],
            "unknown_session" =>
            [
                .. Hello, .. Post(1, Wire.MessagePath, message.Length, mac, session, (Wire.CounterHeader, "1")),
                .. Body(1, message),
            ],
            _ => [.. Hello, .. Post(1, Wire.SessionPath, opening.Length, mac), .. Body(1, opening)],
        };
    }

    private async Task<PeerServer> ServeAsync(Rig rig, MessageHandler? handler = null)
    {
        _collector.Metrics.Watch(rig.Counts);
        return await rig.ServeAsync(handler);
    }

    private async Task SeenAsync(string reason)
    {
        var limit = DateTime.UtcNow + Patience;
        while (!Rejections().Contains(Lines(reason)[0]))
        {
            Assert.True(DateTime.UtcNow < limit, $"{reason} was not counted: {string.Join(", ", Rejections())}");
            await Task.Delay(10);
        }
    }

    private string[] Rejections() => [.. _collector.Collect().Where(line => line.StartsWith("rejections"))];

    private static string[] Lines(params string[] reasons) =>
        [.. reasons.Where(reason => reason.Length > 0).Order().Select(reason => $"rejections{{reason={reason}}} 1")];
}
