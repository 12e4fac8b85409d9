using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Tests.Transport;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>Each reason to turn somebody away, provoked once over a socket, and seen once by a collector.</summary>
public sealed class RejectionTests : IDisposable
{
    private readonly Collector _collector = new();

    public void Dispose() => _collector.Dispose();

    /// <summary>The reason; what somebody does who has not proved anything.</summary>
    public static TheoryData<string, string> Reasons => new()
    {
        { "stranger", "silence" },
        { "stranger", "half a start" },
        { "stranger", "another protocol" },
        { "too_slow", "half a hello" },
        { "broken_off", "half a hello, finished" },
        { "broken_off", "no proof" },
        { "wrong_version", "version 2" },
        { "unauthenticated", "another's hello" },
        { "unauthenticated", "another's proof" },
    };

    [Theory]
    [MemberData(nameof(Reasons))]
    public async Task What_a_visitor_is_rejected_for_is_counted_once(string reason, string what)
    {
        await using var rig = new Rig { Options = new() { ReadTimeout = TimeSpan.FromSeconds(0.3) } };
        var server = await ServeAsync(rig);
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        await visitor.SendAsync(Conversation(what, PeerByHand.NoSecret(rig)));
        if (reason == "too_slow") await SeenAsync(reason);
        visitor.Finish();
        await visitor.DrainAsync();
        await server.DisposeAsync();

        Assert.Equal(Lines(reason), Rejections());
        AssertFailures(reason);
    }

    /// <summary>The reason; what somebody does who is trusted.</summary>
    public static TheoryData<string, string> Distrusts => new()
    {
        { "malformed", "short" },
        { "malformed", "noise" },
        { "oversized", "endless" },
        { "overloaded", "large" },
        { "too_slow", "half" },
        { "broken_off", "half, finished" },
        { "unauthenticated", "altered" },
        { "replayed", "twice" },
        { "replayed", "zero" },
    };

    [Theory]
    [MemberData(nameof(Distrusts))]
    public async Task What_one_with_the_secret_is_rejected_for_is_counted_once(string reason, string what)
    {
        await using var rig = new Rig
        {
            Options = new() { ReadTimeout = TimeSpan.FromSeconds(0.3), MaxLargeFrameBytes = 100_000 },
        };
        var server = await ServeAsync(rig);
        using var peer = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        await peer.SendAsync(Frames(what, peer));
        if (reason == "too_slow") await SeenAsync(reason);
        peer.Line.Finish();
        await peer.Line.DrainAsync();
        await server.DisposeAsync();

        Assert.Equal(Lines(reason), Rejections());
        AssertFailures(reason);
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
        await using var rig = new Rig { Options = new() { MaxConcurrentRequests = 1 } };
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = await ServeAsync(rig, async (request, ct) =>
        {
            await go.Task;
            return await Echo(request, ct);
        });
        using var peer = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        await peer.SendAsync([.. peer.Request(1), .. peer.Request(2)]);
        var reply = (await peer.ReadReplyAsync())!;
        Assert.Equal((2, Status.Overloaded), (reply.Counter, reply.Status));
        go.SetResult();
        Assert.Equal(Status.Ok, (await peer.ReadReplyAsync())!.Status);
        peer.Line.Finish();
        await peer.Line.DrainAsync();
        await server.DisposeAsync();

        Assert.Equal(Lines("overloaded"), Rejections());
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
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
            reason == "replayed" && packet.Kind == Piece.Request ? [.. packet.Bytes, .. packet.Bytes] : packet.Bytes));
        await SendAsync(rig.Client(), relay.Port);
        await SeenAsync(reason);
        await server.DisposeAsync();

        Assert.Equal(Lines(reason), Rejections());
    }

    private static byte[] Conversation(string what, Macs macs) => what switch
    {
        "silence" => [],
        "half a start" => PeerBytes.Start[..3],
        "another protocol" => [.. "GET / HTTP/1.1\r\n\r\n"u8],
        "half a hello" or "half a hello, finished" => PeerBytes.Hello(macs)[..30],
        "no proof" => PeerBytes.Hello(macs),
        "version 2" => PeerBytes.Hello(macs, version: 2),
        "another's hello" => PeerBytes.Hello(null),
        _ => [.. PeerBytes.Hello(macs), .. new byte[Macs.Size]],
    };

    private static byte[] Frames(string what, PeerByHand peer)
    {
        var sound = peer.Request(7);
        return what switch
        {
            "short" => PeerBytes.Frame(39, sound[4..]),
            "noise" => peer.Request(7, [WireCodec.Version, 255, 255]),
            "endless" => PeerBytes.Frame(uint.MaxValue, sound[4..]),
            "large" => peer.Request(7, new byte[200_000])[..1_000],
            "half" or "half, finished" => sound[..30],
            "altered" => [.. sound[..^1], (byte)(sound[^1] ^ 1)],
            "twice" => [.. sound, .. sound],
            _ => peer.Request(0),
        };
    }

    private void AssertFailures(string reason) => Assert.Equal(
        reason switch
        {
            "unauthenticated" => ["auth_failures 1"],
            "wrong_version" => ["version_mismatches 1"],
            _ => [],
        },
        _collector.Collect().Where(line => !line.StartsWith("rejections")));

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
