using System.Net;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Visitors that are no silos: each is sent away, and the server goes on serving.</summary>
public sealed class StrangerTests
{
    [Fact]
    public async Task HTTP_1_is_refused_shortly_and_noted()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var answer = await TalkAsync(server.Port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        Assert.InRange(answer.Length, 0, 512);
        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task Random_bytes_are_refused_shortly_and_noted()
    {
        await using var rig = new Rig { Options = new() { StrangerTimeout = TimeSpan.FromSeconds(1) } };
        var server = await rig.ServeAsync();
        var random = new Random(5);
        for (var i = 0; i < 20; i++)
        {
            var bytes = new byte[random.Next(24, 5_000)];
            random.NextBytes(bytes);
            Assert.InRange((await TalkAsync(server.Port, bytes)).Length, 0, 512);
        }

        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task Random_bytes_after_the_start_of_a_hello_are_refused_and_told_nothing()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var random = new Random(6);
        for (var i = 0; i < 20; i++)
        {
            var bytes = new byte[2_000];
            random.NextBytes(bytes);
            Assert.InRange((await TalkAsync(server.Port, [.. PeerBytes.Start, .. bytes])).Length, 0, Wire.WelcomeSize);
        }

        await server.DisposeAsync();
        Assert.Equal(20, rig.Counts.Rejected(Rejection.Unauthenticated));
        Assert.Equal(1, rig.Log.All.Split('\n').Count(line => line.Contains("AuthenticationFailed")));
    }

    [Fact]
    public async Task A_connection_that_says_nothing_is_closed()
    {
        await using var rig = new Rig { Options = new() { StrangerTimeout = TimeSpan.FromSeconds(0.2) } };
        var server = await rig.ServeAsync();
        await TalkAsync(server.Port, []);
        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task A_connection_that_ends_half_way_is_noted()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        await visitor.SendAsync(PeerBytes.Start[..4]);
        visitor.Finish();
        await visitor.DrainAsync();
        await AssertNotedAndServing(rig, server);
    }

    [Fact]
    public async Task A_hello_without_the_secret_gets_a_bare_status_and_the_end()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync(secrets: rig.Secret(rig.Keep(new SecretFolder("one"))));
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        await visitor.SendAsync(PeerBytes.Hello(PeerBytes.MacsOf("two")));
        Assert.Equal(PeerBytes.Welcome(Status.Unauthenticated, null, null), await visitor.ReadAsync(Wire.WelcomeSize));
        Assert.Equal("", await visitor.DrainAsync());
    }

    [Fact]
    public async Task A_hello_of_another_version_gets_ours_and_the_end_whatever_follows()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        using var visitor = await RawVisitor.ConnectAsync(server.Port);
        await visitor.SendAsync([.. Wire.Magic, 2]);
        Assert.Equal(PeerBytes.Welcome(Status.WrongVersion, null, null), await visitor.ReadAsync(Wire.WelcomeSize));
        Assert.Equal("", await visitor.DrainAsync());
    }

    [Fact]
    public async Task A_frame_beyond_the_limit_is_refused_before_it_is_received()
    {
        await using var rig = new Rig
        {
            Options = new() { Limits = new() { MaxBytes = 1_000 }, ReadTimeout = TimeSpan.FromSeconds(0.5) },
        };
        var server = await rig.ServeAsync();
        using var peer = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        await peer.SendAsync(peer.Request(1, new byte[1_001])[..20]);
        var reply = (await peer.ReadReplyAsync())!;
        Assert.Equal((1, Status.Oversized), (reply.Counter, reply.Status));
        Assert.Equal("", await peer.Line.DrainAsync());
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 1), 1);
    }

    [Fact]
    public async Task A_frame_that_comes_too_slowly_ends_its_connection_and_holds_up_no_one()
    {
        await using var rig = new Rig { Options = new() { ReadTimeout = TimeSpan.FromSeconds(0.5) } };
        var server = await rig.ServeAsync();
        using var slow = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        await slow.SendAsync(slow.Request(1)[..^1]);
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 1), 1);
        Assert.Equal("", await slow.Line.DrainAsync());
        await Eventually.HoldsAsync(() => rig.Counts.Rejected(Rejection.TooSlow) == 1);
    }

    [Fact]
    public async Task Large_frames_share_their_room_and_small_ones_need_none()
    {
        await using var rig = new Rig { Options = new() { MaxLargeFrameBytes = 100_000 } };
        var server = await rig.ServeAsync();
        var macs = PeerByHand.NoSecret(rig);
        using var first = await PeerByHand.ConnectAsync(server.Port, macs);
        using var second = await PeerByHand.ConnectAsync(server.Port, macs);
        var large = first.Request(2, new byte[90_000]);
        // The answer shows that all before it was read, and so was what came with it.
        await first.SendAsync([.. first.Request(1), .. large[..100]]);
        Assert.Equal(Status.Ok, (await first.ReadReplyAsync())!.Status);
        await second.SendAsync(second.Request(1, new byte[90_000])[..100]);
        Assert.Equal(Status.Overloaded, (await second.ReadReplyAsync())!.Status);
        second.Line.Finish();
        Assert.Equal("", await second.Line.DrainAsync());
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 1), 1);

        // What has come whole, and what broke off, leaves its room to others.
        await first.SendAsync(large[100..]);
        Assert.Equal(Status.Malformed, (await first.ReadReplyAsync())!.Status);
        using (var third = await PeerByHand.ConnectAsync(server.Port, macs))
        {
            await third.SendAsync(third.Request(1, new byte[90_000])[..100]);
            third.Line.Finish();
            await third.Line.DrainAsync();
        }

        using var fourth = await PeerByHand.ConnectAsync(server.Port, macs);
        await fourth.SendAsync(fourth.Request(1, new byte[90_000]));
        Assert.Equal(Status.Malformed, (await fourth.ReadReplyAsync())!.Status);
    }

    [Fact]
    public async Task An_authenticated_message_that_is_none_is_refused()
    {
        await using var rig = new Rig();
        var wide = rig.Client();
        var narrow = new TransportOptions { Limits = new() { MaxText = 3 } };
        var strict = rig.Keep(new PeerServer(
            IPAddress.Loopback, 0, narrow, rig.Secret(), Echo, rig.Counts, rig.Log));
        await strict.StartAsync(default);
        Assert.Equal(Delivery.Malformed, (await SendAsync(wide, strict.Port)).Outcome);
        Assert.Contains("not of the wire format", rig.Log.All);
    }

    private static async Task AssertNotedAndServing(Rig rig, PeerServer server)
    {
        await rig.Log.Seen("a visitor that is no silo");
        Assert.Contains(Enum.GetValues<Rejection>(), reason => rig.Counts.Rejected(reason) > 0);
        Assert.Equal(1, rig.Log.All.Split('\n').Count(line => line.Contains("a visitor that is no silo")));
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 5), 5);
    }

    private static async Task<string> TalkAsync(int port, byte[] bytes)
    {
        using var visitor = await RawVisitor.ConnectAsync(port);
        await visitor.SendAsync(bytes);
        return await visitor.DrainAsync();
    }
}
