using System.Collections.Concurrent;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>What somebody between the silos, or with another secret, can and cannot do.</summary>
public sealed class AuthenticationTests
{
    [Fact]
    public async Task Silos_with_one_secret_talk()
    {
        await using var rig = new Rig();
        var folder = rig.Keep(new SecretFolder("one"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder));
        AssertEchoed(await SendAsync(rig.Client(rig.Secret(folder)), server.Port, 1), 1);
        Assert.Equal(0, rig.Counts.AuthFailures);
    }

    [Theory]
    [InlineData("one", "two")]
    [InlineData("one", null)]
    [InlineData(null, "two")]
    public async Task Silos_with_different_secrets_are_told_so_on_both_sides(string? ours, string? theirs)
    {
        await using var rig = new Rig();
        var called = false;
        var server = await rig.ServeAsync(
            (_, _) => throw new InvalidOperationException($"{called = true}"), Secret(rig, theirs));
        var reply = await SendAsync(rig.Client(Secret(rig, ours)), server.Port);
        Assert.Equal(Delivery.Unauthenticated, reply.Outcome);
        Assert.Contains("KDNS313", reply.Detail);
        Assert.Contains("PreviousSecretFile", reply.Detail);
        Assert.Contains("AuthenticationFailed: KDNS313", rig.Log.All);
        Assert.False(called);
        Assert.True(rig.Counts.AuthFailures >= 2);
    }

    [Theory]
    [InlineData("new", "old", "old", null)] // the rotation reached the client first
    [InlineData("old", null, "new", "old")] // … the server first
    [InlineData("old", "new", "new", "old")] // the careful way: first accept the new one everywhere
    [InlineData("new", "old", "new", null)] // the end of it
    public async Task Silos_at_different_steps_of_a_rotation_talk(
        string current, string? previous, string theirCurrent, string? theirPrevious)
    {
        await using var rig = new Rig();
        var ours = rig.Keep(new SecretFolder(current, previous));
        var theirs = rig.Keep(new SecretFolder(theirCurrent, theirPrevious));
        var server = await rig.ServeAsync(secrets: rig.Secret(theirs));
        AssertEchoed(await SendAsync(rig.Client(rig.Secret(ours)), server.Port, 1), 1);
    }

    [Fact]
    public async Task A_rotation_interrupts_no_connection_and_ends_the_old_secret()
    {
        await using var rig = new Rig();
        var time = new ManualTime();
        var ours = rig.Keep(new SecretFolder("old"));
        var theirs = rig.Keep(new SecretFolder("old"));
        var server = await rig.ServeAsync(secrets: rig.Secret(theirs, time));
        var client = rig.Client(rig.Secret(ours, time));
        AssertEchoed(await SendAsync(client, server.Port, 1), 1);
        await Step(2, () => theirs.Write("new", "old"));
        await Step(3, () => ours.Write("new", "old"));
        await Step(4, () => theirs.Write("new"));
        await Step(5, () => ours.Write("new"));

        ours.Write("old");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Delivery.Unauthenticated, (await SendAsync(client, server.Port)).Outcome);

        async Task Step(int round, Action write)
        {
            write();
            time.Advance(TimeSpan.FromSeconds(1));
            AssertEchoed(await SendAsync(client, server.Port, round), round);
        }
    }

    [Fact]
    public async Task A_captured_message_is_refused_when_it_comes_again()
    {
        await using var rig = new Rig();
        var folder = rig.Keep(new SecretFolder("one"));
        var calls = 0;
        var server = await rig.ServeAsync((request, ct) =>
        {
            Interlocked.Increment(ref calls);
            return Echo(request, ct);
        }, rig.Secret(folder));
        Packet? captured = null;
        var relay = rig.Keep(await Relay.StartAsync(server.Port, (relay, packet) =>
        {
            if (packet.Path == Wire.MessagePath) captured = packet;
            return relay.ForwardAsync(packet);
        }));
        AssertEchoed(await SendAsync(rig.Client(rig.Secret(folder)), relay.Port, 1), 1);
        Assert.Equal(Wire.Replayed, (await relay.ForwardAsync(captured!)).Status);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_message_that_the_way_there_doubled_is_handled_once_and_not_sent_again()
    {
        await using var rig = new Rig();
        var calls = 0;
        var server = await rig.ServeAsync((request, ct) =>
        {
            Interlocked.Increment(ref calls);
            return Echo(request, ct);
        });
        var relay = rig.Keep(await Relay.StartAsync(server.Port, async (relay, packet) =>
        {
            if (packet.Path == Wire.MessagePath) await relay.ForwardAsync(packet);
            return await relay.ForwardAsync(packet);
        }));
        Assert.Equal(Delivery.Reset, (await SendAsync(rig.Client(), relay.Port)).Outcome);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task A_message_for_one_silo_is_refused_by_another_with_the_same_secret()
    {
        await using var rig = new Rig();
        var folder = rig.Keep(new SecretFolder("one"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder));
        var other = await rig.ServeAsync((_, _) => throw new InvalidOperationException(), rig.Secret(folder));
        Packet? captured = null;
        var relay = rig.Keep(await Relay.StartAsync(server.Port, (relay, packet) =>
        {
            captured = packet;
            return relay.ForwardAsync(packet);
        }));
        AssertEchoed(await SendAsync(rig.Client(rig.Secret(folder)), relay.Port, 1), 1);
        Assert.Equal(Wire.UnknownSession, (await relay.ForwardAsync(captured!, other.Port)).Status);

        // Nor under a session that the other does know.
        var session = await relay.ForwardAsync(Opening("one"), other.Port);
        captured!.Headers[Wire.SessionHeader] = Convert.ToBase64String(session.Body[1..]);
        Assert.Equal(Wire.Unauthenticated, (await relay.ForwardAsync(captured, other.Port)).Status);
    }

    [Fact]
    public async Task Replies_that_were_swapped_are_refused()
    {
        await using var rig = new Rig();
        var folder = rig.Keep(new SecretFolder("one"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder));
        var replies = new ConcurrentBag<Packet>();
        var both = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var relay = rig.Keep(await Relay.StartAsync(server.Port, async (relay, packet) =>
        {
            var reply = await relay.ForwardAsync(packet);
            if (packet.Path == Wire.SessionPath) return reply;
            replies.Add(reply);
            if (replies.Count == 2) both.TrySetResult();
            await both.Task.WaitAsync(Patience);
            return replies.First(other => other != reply);
        }));
        var client = rig.Client(rig.Secret(folder));
        var sends = await Task.WhenAll(SendAsync(client, relay.Port, 1), SendAsync(client, relay.Port, 2));
        Assert.All(sends, reply => Assert.Equal(Delivery.Unauthenticated, reply.Outcome));
    }

    [Theory]
    [InlineData("body")]
    [InlineData("status")]
    [InlineData("session")]
    [InlineData("no mac")]
    public async Task A_reply_that_was_altered_is_refused(string what)
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var relay = rig.Keep(await Relay.StartAsync(server.Port, async (relay, packet) =>
        {
            var reply = await relay.ForwardAsync(packet);
            if (packet.Path == Wire.SessionPath && what != "session") return reply;
            if (what is "body" or "session") reply.Body[^1] ^= 1;
            if (what == "no mac") reply.Headers.Clear();
            return what == "status" ? reply with { Status = 204, Body = [] } : reply;
        }));
        Assert.Equal(Delivery.Unauthenticated, (await SendAsync(rig.Client(), relay.Port)).Outcome);
    }

    [Theory]
    [InlineData("body")]
    [InlineData("counter")]
    public async Task A_message_that_was_altered_is_refused(string what)
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync((_, _) => throw new InvalidOperationException());
        var relay = rig.Keep(await Relay.StartAsync(server.Port, (relay, packet) =>
        {
            if (packet.Path == Wire.SessionPath) return relay.ForwardAsync(packet);
            if (what == "body") packet.Body[^1] ^= 1;
            else packet.Headers[Wire.CounterHeader] = "99";
            return relay.ForwardAsync(packet);
        }));
        Assert.Equal(Delivery.Unauthenticated, (await SendAsync(rig.Client(), relay.Port)).Outcome);
    }

    [Fact]
    public async Task A_forgotten_session_is_renewed_once_and_the_message_delivered()
    {
        await using var rig = new Rig { Options = new() { MaxSessions = 1 } };
        var server = await rig.ServeAsync();
        PeerClient[] clients = [rig.Client(), rig.Client()];
        for (var round = 0; round < 6; round++)
        {
            AssertEchoed(await SendAsync(clients[round % 2], server.Port, round), round);
        }
    }

    [Fact]
    public async Task Replayed_openings_displace_no_session_in_use()
    {
        await using var rig = new Rig { Options = new() { MaxUnusedSessions = 4 } };
        var server = await rig.ServeAsync();
        var (opened, messages) = (0, new ConcurrentBag<int>());
        Packet? captured = null;
        var relay = rig.Keep(await Relay.StartAsync(server.Port, (relay, packet) =>
        {
            if (packet.Path == Wire.SessionPath) (opened, captured) = (opened + 1, packet);
            return relay.ForwardAsync(packet);
        }));
        var client = rig.Client();
        AssertEchoed(await SendAsync(client, relay.Port, 1), 1);
        for (var i = 0; i < 20; i++) await relay.ForwardAsync(captured!);
        AssertEchoed(await SendAsync(client, relay.Port, 2), 2);
        Assert.Equal(1, opened);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_protocol_version_is_told_on_both_sides(bool atSession)
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var relay = rig.Keep(await Relay.StartAsync(server.Port, (relay, packet) =>
        {
            if (packet.Path == Wire.SessionPath == atSession) packet.Body[0] = 2;
            return relay.ForwardAsync(packet);
        }));
        var reply = await SendAsync(rig.Client(), relay.Port);
        Assert.Equal(Delivery.WrongVersion, reply.Outcome);
        Assert.Contains("KDNS315", reply.Detail);
        Assert.Contains("ProtocolMismatch: KDNS315", rig.Log.All);
        Assert.Equal(2, rig.Counts.WrongVersions);
    }

    [Fact]
    public async Task Secrets_are_never_logged()
    {
        await using var rig = new Rig();
        var time = new ManualTime();
        var folder = rig.Keep(new SecretFolder("very-private"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder, time));
        await SendAsync(rig.Client(), server.Port);
        folder.Write("still-private", "very-private");
        time.Advance(TimeSpan.FromSeconds(1));
        await SendAsync(rig.Client(), server.Port);
        Assert.Contains("The secret has changed", rig.Log.All);
        Assert.DoesNotContain("private", rig.Log.All);
    }

    private static SecretFiles Secret(Rig rig, string? text) =>
        rig.Secret(text is null ? null : rig.Keep(new SecretFolder(text)));

    private static Packet Opening(string secret)
    {
        var nonce = new byte[Macs.NonceSize];
        var mac = Macs.Opening(System.Text.Encoding.UTF8.GetBytes(secret), nonce);
        var headers = new Dictionary<string, string> { [Wire.MacHeader] = Convert.ToBase64String(mac) };
        return new Packet(Wire.SessionPath, 0, headers, [WireCodec.Version, .. nonce]);
    }
}
