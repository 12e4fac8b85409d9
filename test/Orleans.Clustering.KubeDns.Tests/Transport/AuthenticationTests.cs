using System.Collections.Concurrent;
using Orleans.Clustering.KubeDns.Consensus;
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

    [Fact]
    public async Task A_captured_message_is_refused_when_it_comes_again_on_its_connection()
    {
        await using var rig = new Rig();
        var folder = rig.Keep(new SecretFolder("one"));
        var calls = new Calls();
        var server = await rig.ServeAsync(calls.EchoAsync, rig.Secret(folder));
        byte[] first = [];
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
        {
            if (packet.Kind != Piece.Request) return packet.Bytes;
            if (first.Length > 0) return [.. first, .. packet.Bytes];
            return first = packet.Bytes;
        }));
        var client = rig.Client(rig.Secret(folder));
        AssertEchoed(await SendAsync(client, relay.Port, 1), 1);
        Assert.Equal(0, rig.Counts.Rejected(Rejection.Replayed));

        AssertEchoed(await SendAsync(client, relay.Port, 2), 2);
        Assert.Equal((2, 1), (calls.Count, rig.Counts.Rejected(Rejection.Replayed)));
    }

    [Fact]
    public async Task A_message_that_the_way_there_doubled_is_handled_once_and_answered_by_that()
    {
        await using var rig = new Rig();
        var calls = new Calls();
        var relay = rig.Keep(Relay.Start((await rig.ServeAsync(calls.EchoAsync)).Port, Doubled));
        AssertEchoed(await SendAsync(rig.Client(), relay.Port, 1), 1);
        await Eventually.HoldsAsync(() => rig.Counts.Rejected(Rejection.Replayed) == 1);
        Assert.Equal(1, calls.Count);
    }

    [Fact]
    public async Task A_doubled_message_whose_refusal_comes_first_is_not_sent_again()
    {
        await using var rig = new Rig();
        var calls = new Calls();
        var refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = await rig.ServeAsync(async (request, ct) =>
        {
            await refused.Task;
            return await calls.EchoAsync(request, ct);
        });
        var relay = rig.Keep(Relay.Start(server.Port, Doubled));
        var reply = await SendAsync(rig.Client(), relay.Port);
        refused.SetResult();
        Assert.Equal(Delivery.Reset, reply.Outcome);
        await Eventually.HoldsAsync(() => calls.Count == 1);
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task A_captured_conversation_is_worth_nothing_on_another_connection_or_to_another_silo()
    {
        await using var rig = new Rig();
        var folder = rig.Keep(new SecretFolder("one"));
        var calls = new Calls();
        var server = await rig.ServeAsync(calls.EchoAsync, rig.Secret(folder));
        var other = await rig.ServeAsync(calls.EchoAsync, rig.Secret(folder));
        var captured = new ConcurrentDictionary<Piece, byte[]>();
        var relay = rig.Keep(Relay.Start(server.Port, packet => captured[packet.Kind] = packet.Bytes));
        AssertEchoed(await SendAsync(rig.Client(rig.Secret(folder)), relay.Port, 1), 1);

        foreach (var port in new[] { server.Port, other.Port })
        {
            using var visitor = await RawVisitor.ConnectAsync(port);
            await visitor.SendAsync(captured[Piece.Hello]);
            var welcome = await visitor.ReadAsync(Wire.WelcomeSize);
            Assert.NotEqual(captured[Piece.Welcome], welcome);
            Assert.Equal((byte)Status.Ok, welcome![5]);
            await visitor.SendAsync([.. captured[Piece.Proof], .. captured[Piece.Request]]);
            var refusal = PeerBytes.Welcome(Status.Unauthenticated, null, null);
            Assert.Equal(refusal, await visitor.ReadAsync(Wire.WelcomeSize));
            await visitor.DrainAsync();
        }

        Assert.Equal((1, 2), (calls.Count, rig.Counts.Rejected(Rejection.Unauthenticated)));
    }

    [Fact]
    public async Task A_message_of_one_connection_is_refused_on_another_with_the_same_secret()
    {
        await using var rig = new Rig();
        var calls = new Calls();
        var server = await rig.ServeAsync(calls.EchoAsync);
        using var one = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        using var two = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        await two.SendAsync(one.Request(1));
        Assert.Equal(Status.Unauthenticated, (await two.ReadReplyAsync())!.Status);
        await one.SendAsync(one.Request(1));
        Assert.Equal(Status.Ok, (await one.ReadReplyAsync())!.Status);
        Assert.Equal(1, calls.Count);
    }

    [Fact]
    public async Task A_captured_welcome_is_not_believed_by_the_next_who_connects()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        byte[]? captured = null;
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
            packet.Kind == Piece.Welcome ? captured ??= packet.Bytes : packet.Bytes));
        AssertEchoed(await SendAsync(rig.Client(), relay.Port, 1), 1);
        Assert.Equal(Delivery.Unauthenticated, (await SendAsync(rig.Client(), relay.Port)).Outcome);
        Assert.Equal(2, relay.Connections);
    }

    [Fact]
    public async Task Who_only_repeats_our_own_hello_to_us_is_not_believed()
    {
        await using var rig = new Rig();
        using var listener = Listen();
        var send = SendAsync(rig.Client(), PortOf(listener));
        using var mirror = await RawVisitor.AcceptAsync(listener);
        var (nonce, code) = PeerBytes.Split((await mirror.ReadAsync(Wire.HelloSize))!);
        await mirror.SendAsync(PeerBytes.Welcome(Status.Ok, nonce, code));
        Assert.Equal(Delivery.Unauthenticated, (await send).Outcome);
        Assert.Equal("", await mirror.DrainAsync());
    }

    [Fact]
    public async Task Replies_that_were_swapped_are_refused()
    {
        await using var rig = new Rig();
        var folder = rig.Keep(new SecretFolder("one"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder));
        Packet? held = null;
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
        {
            if (packet.Kind != Piece.Reply) return packet.Bytes;
            if (held is not { } other)
            {
                held = packet;
                return [];
            }

            var counter = other.Counter.ToArray();
            packet.Counter.CopyTo(other.Counter);
            counter.CopyTo(packet.Counter);
            return [.. other.Bytes, .. packet.Bytes];
        }));
        var client = rig.Client(rig.Secret(folder));
        var sends = await Task.WhenAll(SendAsync(client, relay.Port, 1), SendAsync(client, relay.Port, 2));
        Assert.All(sends, reply => Assert.Equal(Delivery.Unauthenticated, reply.Outcome));
        Assert.Equal(1, relay.Connections);
    }

    [Theory]
    [InlineData(nameof(Piece.Reply), "body")]
    [InlineData(nameof(Piece.Reply), "status")]
    [InlineData(nameof(Piece.Reply), "code")]
    [InlineData(nameof(Piece.Reply), "no code")]
    [InlineData(nameof(Piece.Welcome), "code")]
    [InlineData(nameof(Piece.Welcome), "no code")]
    [InlineData(nameof(Piece.Welcome), "session")]
    public async Task An_answer_that_was_altered_is_not_believed(string piece, string what)
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
            packet.Kind.ToString() == piece ? Altered(packet, what) : packet.Bytes));
        Assert.Equal(Delivery.Unauthenticated, (await SendAsync(rig.Client(), relay.Port)).Outcome);
        Assert.Equal(1, relay.Connections);
    }

    [Theory]
    [InlineData(nameof(Piece.Request), "body")]
    [InlineData(nameof(Piece.Request), "code")]
    [InlineData(nameof(Piece.Hello), "code")]
    [InlineData(nameof(Piece.Hello), "session")]
    public async Task A_message_that_was_altered_is_refused(string piece, string what)
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync((_, _) => throw new InvalidOperationException());
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
            packet.Kind.ToString() == piece ? Altered(packet, what) : packet.Bytes));
        Assert.Equal(Delivery.Unauthenticated, (await SendAsync(rig.Client(), relay.Port)).Outcome);
        Assert.Equal(0, rig.Counts.Rejected(Rejection.Failed));
        Assert.True(rig.Counts.Rejected(Rejection.Unauthenticated) > 0);
    }

    // The refusal names a counter that nobody here waits for: to the sender it is as if the message had been lost.
    [Fact]
    public async Task A_message_whose_counter_was_altered_is_refused()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync((_, _) => throw new InvalidOperationException());
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
            packet.Kind == Piece.Request ? Altered(packet, "counter") : packet.Bytes));
        var reply = await SendAsync(rig.Client(), relay.Port, 1, TimeSpan.FromSeconds(0.5));
        Assert.Equal(Delivery.TimedOut, reply.Outcome);
        await Eventually.HoldsAsync(() => rig.Counts.Rejected(Rejection.Unauthenticated) == 1);
        Assert.Equal(0, rig.Counts.Rejected(Rejection.Failed));
    }

    // The server tells it and closes; what the client had sent meanwhile is not acted upon.
    [Fact]
    public async Task A_proof_that_was_altered_delivers_nothing()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync((_, _) => throw new InvalidOperationException());
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
            packet.Kind == Piece.Proof ? Altered(packet, "code") : packet.Bytes));
        Assert.NotEqual(Delivery.Replied, (await SendAsync(rig.Client(), relay.Port)).Outcome);
        Assert.Equal(0, rig.Counts.Rejected(Rejection.Failed));
        Assert.Equal(1, rig.Counts.Rejected(Rejection.Unauthenticated));
    }

    [Theory]
    [InlineData(nameof(Piece.Hello))]
    [InlineData(nameof(Piece.Welcome))]
    public async Task Another_protocol_version_is_told(string piece)
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
        {
            if (packet.Kind.ToString() == piece) packet.Version = 2;
            return packet.Bytes;
        }));
        var reply = await SendAsync(rig.Client(), relay.Port);
        Assert.Equal(Delivery.WrongVersion, reply.Outcome);
        Assert.Contains("KDNS315", reply.Detail);
        Assert.Equal(1, relay.Connections);
        if (piece == nameof(Piece.Welcome))
        {
            Assert.Contains("protocol version 2", reply.Detail);
            Assert.Equal(1, rig.Counts.WrongVersions);
            return;
        }

        Assert.Contains("ProtocolMismatch: KDNS315", rig.Log.All);
        Assert.Contains("protocol version 2", rig.Log.All);
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

    private static byte[] Doubled(Packet packet) =>
        packet.Kind == Piece.Request ? [.. packet.Bytes, .. packet.Bytes] : packet.Bytes;

    private static byte[] Altered(Packet packet, string what)
    {
        switch (what)
        {
            case "body":
                packet.Bytes[^1] ^= 1;
                break;
            case "counter":
                packet.Counter[^1] += 98;
                break;
            case "status":
                packet.Status = (byte)Status.NoReply;
                break;
            case "session":
                packet.Bytes[10] ^= 1;
                break;
            case "code":
                packet.Code[^1] ^= 1;
                break;
            default:
                packet.Code.Clear();
                break;
        }

        return packet.Bytes;
    }

    private sealed class Calls
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public Task<Envelope?> EchoAsync(Envelope request, CancellationToken ct)
        {
            Interlocked.Increment(ref _count);
            return Echo(request, ct);
        }
    }
}
