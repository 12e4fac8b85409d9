using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>How connections and what is under way on them end, and that nothing of them is left.</summary>
public sealed class EndingTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(0.3);

    [Theory]
    [InlineData(false)] // nothing after connect
    [InlineData(true)] // nothing after the hello was welcomed
    public async Task Who_connects_and_proves_nothing_is_sent_away(bool greets)
    {
        await using var rig = new Rig { Options = new() { StrangerTimeout = Short } };
        var server = await rig.ServeAsync();
        using var visitor = greets
            ? (await PeerByHand.GreetAsync(server.Port, PeerByHand.NoSecret(rig))).Line
            : await RawVisitor.ConnectAsync(server.Port);
        Assert.Equal("", await visitor.DrainAsync());
    }

    [Fact]
    public async Task Who_has_greeted_is_displaced_until_the_proof_has_come()
    {
        await using var rig = new Rig { Options = new() { MaxConnections = 1 } };
        var server = await rig.ServeAsync();
        using var unproven = await PeerByHand.GreetAsync(server.Port, PeerByHand.NoSecret(rig));
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 1), 1);
        Assert.Equal("", await unproven.Line.DrainAsync());
    }

    [Fact]
    public async Task Who_has_proved_itself_and_is_silent_stays_and_keeps_its_place()
    {
        await using var rig = new Rig
        {
            Options = new() { StrangerTimeout = TimeSpan.FromSeconds(5), MaxConnections = 2 },
        };
        var server = await rig.ServeAsync();
        using var peer = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        await peer.SendAsync(peer.Request(1));
        Assert.Equal(Status.Ok, (await peer.ReadReplyAsync())!.Status);
        // The later displaces the earlier, and its own end shows that a stranger's time has passed for the peer, too.
        using var earlier = await RawVisitor.ConnectAsync(server.Port);
        using var later = await RawVisitor.ConnectAsync(server.Port);
        await Task.WhenAll(earlier.DrainAsync(), later.DrainAsync());
        await peer.SendAsync(peer.Request(2));
        Assert.Equal(Status.Ok, (await peer.ReadReplyAsync())!.Status);
    }

    // Without a secret anybody can pass for a silo; no place may be held for nothing.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Who_has_proved_itself_and_asks_nothing_for_long_is_sent_away(int requests)
    {
        await using var rig = new Rig { Options = new() { StrangerTimeout = Short, ConnectionIdle = Short } };
        var server = await rig.ServeAsync();
        using var peer = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        for (var counter = 1; counter <= requests; counter++)
        {
            await peer.SendAsync(peer.Request(counter));
            Assert.Equal(Status.Ok, (await peer.ReadReplyAsync())!.Status);
        }

        Assert.Equal("", await peer.Line.DrainAsync());
    }

    [Fact]
    public async Task A_peer_that_does_not_welcome_is_timed_out_and_left()
    {
        await using var rig = new Rig { Options = new() { ConnectTimeout = Short } };
        using var listener = Listen();
        var send = SendAsync(rig.Client(), PortOf(listener));
        using var peer = await RawVisitor.AcceptAsync(listener);
        Assert.Equal(Delivery.TimedOut, (await send).Outcome);
        Assert.Equal(Wire.HelloSize, (await peer.DrainAsync()).Length);
    }

    [Fact]
    public async Task A_peer_that_welcomes_and_does_not_answer_is_timed_out_and_left()
    {
        await using var rig = new Rig();
        using var listener = Listen();
        var client = rig.Client();
        var send = SendAsync(client, PortOf(listener), 1, TimeSpan.FromSeconds(1));
        using var peer = await PeerByHand.AcceptAsync(listener, PeerByHand.NoSecret(rig));
        Assert.Equal(Delivery.TimedOut, (await send).Outcome);
        await peer.Line.DrainAsync();

        send = SendAsync(client, PortOf(listener), 2);
        using var fresh = await PeerByHand.AcceptAsync(listener, PeerByHand.NoSecret(rig));
        await fresh.SendAsync(fresh.Reply((await fresh.ReadRequestAsync())!, 2));
        AssertEchoed(await send, 2);
    }

    [Fact]
    public async Task A_connection_that_the_server_closed_while_idle_costs_the_next_send_nothing()
    {
        await using var rig = new Rig();
        using var listener = Listen();
        var client = rig.Client();
        for (var round = 1; round <= 5; round++)
        {
            var send = SendAsync(client, PortOf(listener), round);
            using var peer = await PeerByHand.AcceptAsync(listener, PeerByHand.NoSecret(rig));
            await peer.SendAsync(peer.Reply((await peer.ReadRequestAsync())!, round));
            AssertEchoed(await send, round);
            peer.Line.Finish();
            // It closes in turn, so it knows.
            Assert.Equal("", await peer.Line.DrainAsync());
        }
    }

    [Fact]
    public async Task Many_senders_at_once_share_one_connection_and_get_their_own_answers()
    {
        await using var rig = new Rig { Options = new() { MaxConnections = 1 } };
        var server = await rig.ServeAsync();
        var client = rig.Client();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(sender => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
            {
                var round = sender * 1_000 + i;
                AssertEchoed(await SendAsync(client, server.Port, round), round);
            }
        })));
        Assert.All(Enum.GetValues<Rejection>(), reason => Assert.Equal(0, rig.Counts.Rejected(reason)));
    }

    [Fact]
    public async Task One_that_gives_up_leaves_the_others_their_connection_and_answers()
    {
        await using var rig = new Rig();
        var held = new Held();
        var relay = rig.Keep(Relay.Start((await rig.ServeAsync(held.AnswerAsync)).Port, packet => packet.Bytes));
        var client = rig.Client();
        var patient = Enumerable.Range(1, 5).Select(round => SendAsync(client, relay.Port, -round)).ToArray();
        await held.ArrivedAsync(5);
        // Nothing came over the connection meanwhile, so the next send does not trust it; what is on it stays.
        Assert.Equal(Delivery.TimedOut, (await SendAsync(client, relay.Port, -9, Short)).Outcome);
        AssertEchoed(await SendAsync(client, relay.Port, 7), 7);
        Assert.Equal(2, relay.Connections);
        held.Go();
        for (var round = 1; round <= 5; round++) AssertEchoed(await patient[round - 1], -round);
        await Eventually.HoldsAsync(() => relay.Open == 1);
    }

    [Fact]
    public async Task One_that_gives_up_while_others_are_answered_changes_nothing_for_them()
    {
        await using var rig = new Rig();
        var held = new Held();
        var relay = rig.Keep(Relay.Start((await rig.ServeAsync(held.AnswerAsync)).Port, packet => packet.Bytes));
        var client = rig.Client();
        AssertEchoed(await SendAsync(client, relay.Port, 1), 1);
        using var cancel = new CancellationTokenSource();
        var impatient = client.SendAsync(At(relay.Port), Probe(-1), Patience, cancel.Token);
        await held.ArrivedAsync(1);
        AssertEchoed(await SendAsync(client, relay.Port, 2), 2);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => impatient);
        AssertEchoed(await SendAsync(client, relay.Port, 3), 3);
        // The late answer is nobody's.
        held.Go();
        AssertEchoed(await SendAsync(client, relay.Port, 4), 4);
        Assert.Equal(1, relay.Connections);
    }

    [Fact]
    public async Task A_client_that_closes_ends_what_is_under_way_at_once_and_its_connections()
    {
        await using var rig = new Rig();
        var held = new Held();
        var relay = rig.Keep(Relay.Start((await rig.ServeAsync(held.AnswerAsync)).Port, packet => packet.Bytes));
        var client = rig.Client();
        var sends = Enumerable.Range(1, 30).Select(round => SendAsync(client, relay.Port, -round)).ToArray();
        await held.ArrivedAsync(30);
        await client.DisposeAsync();
        var replies = await Task.WhenAll(sends).WaitAsync(Patience / 2);
        Assert.All(replies, reply => Assert.Equal(Delivery.Reset, reply.Outcome));
        await Eventually.HoldsAsync(() => relay.Open == 0);
    }

    [Fact]
    public async Task A_server_that_stops_waits_for_what_is_under_way()
    {
        await using var rig = new Rig { Options = new() { StopTimeout = Patience } };
        var held = new Held();
        var server = await rig.ServeAsync(held.AnswerAsync);
        var send = SendAsync(rig.Client(), server.Port, -1);
        await held.ArrivedAsync(1);
        var stopping = server.DisposeAsync().AsTask();
        Assert.False(stopping.IsCompleted);
        held.Go();
        AssertEchoed(await send, -1);
        await stopping.WaitAsync(Patience / 2);
    }

    [Fact]
    public async Task A_server_that_stops_waits_so_long_and_no_longer_then_ends_its_connections()
    {
        await using var rig = new Rig { Options = new() { StopTimeout = TimeSpan.FromSeconds(0.5) } };
        var held = new Held();
        var server = await rig.ServeAsync(held.AnswerAsync);
        var client = rig.Client();
        var sends = Enumerable.Range(1, 10).Select(round => SendAsync(client, server.Port, -round)).ToArray();
        await held.ArrivedAsync(10);
        using var idle = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        var begun = Stopwatch.GetTimestamp();
        await server.DisposeAsync().AsTask().WaitAsync(Patience / 2);
        Assert.True(Stopwatch.GetElapsedTime(begun) > TimeSpan.FromSeconds(0.4));
        Assert.All(await Task.WhenAll(sends), reply => Assert.Equal(Delivery.Reset, reply.Outcome));
        Assert.Equal("", await idle.Line.DrainAsync());
    }

    [Fact]
    public async Task One_that_never_takes_its_answers_is_ended_and_holds_nobody_up()
    {
        await using var rig = new Rig { Options = new() { ReadTimeout = TimeSpan.FromSeconds(0.5) } };
        var large = Enumerable.Range(0, 2_000).Select(seed => new Samples(seed).Make<Row>());
        var state = new Samples(1).Make<ClusterState>();
        state = state with
        {
            Table = new(7, ImmutableSortedDictionary.CreateRange(
                large.DistinctBy(row => row.Silo).ToDictionary(row => row.Silo))),
        };
        var server = await rig.ServeAsync((request, ct) => ((Probe)request.Body).Round > 0
            ? Echo(request, ct)
            : Task.FromResult<Envelope?>(request with { Body = new Founded(state) }));
        using var deaf = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        var client = rig.Client();
        // Its sends fail once the server has ended it.
        var counter = 0L;
        var limit = Stopwatch.StartNew();
        while (await deaf.SendAsync(deaf.Request(++counter, Probe(0))))
        {
            AssertEchoed(await SendAsync(client, server.Port, counter), counter);
            Assert.True(limit.Elapsed < Patience, "It is still served.");
        }

        Assert.Equal(0, rig.Counts.Rejected(Rejection.TimedOut));
        AssertEchoed(await SendAsync(client, server.Port, 1), 1);
    }

    [Fact]
    public async Task What_is_given_up_or_fails_leaves_nothing_waiting()
    {
        await using var rig = new Rig();
        var held = new Held();
        var server = await rig.ServeAsync(held.AnswerAsync);
        var connection = Connection(rig, server.Port);
        using (var cancel = new CancellationTokenSource())
        {
            var asks = Enumerable.Range(1, 50).Select(round => AskAsync(connection, -round, cancel.Token)).ToArray();
            await held.ArrivedAsync(50);
            Assert.Equal(50, Waiting(connection));
            await cancel.CancelAsync();
            foreach (var ask in asks) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ask);
            Assert.Equal(0, Waiting(connection));
        }

        var more = Enumerable.Range(51, 20).Select(round => AskAsync(connection, -round, default)).ToArray();
        await held.ArrivedAsync(70);
        await server.DisposeAsync();
        foreach (var ask in more) Assert.Equal(Delivery.Reset, (await ask).Failure);
        Assert.Equal(0, Waiting(connection));
        Assert.True(connection.IsOver);
    }

    // At the moment when the connection stands and nobody has it yet.
    [Fact]
    public async Task A_connection_whose_only_asker_gives_up_as_it_opens_is_closed()
    {
        await using var rig = new Rig();
        var (atHand, server) = (new CancellationTokenSource(), await rig.ServeAsync());
        var relay = rig.Keep(Relay.Start(server.Port, packet =>
        {
            if (packet.Kind == Piece.Proof) Volatile.Read(ref atHand).Cancel();
            return packet.Bytes;
        }));
        for (var i = 0; i < 200; i++)
        {
            using var cancel = new CancellationTokenSource();
            Volatile.Write(ref atHand, cancel);
            var connection = Connection(rig, relay.Port);
            var ask = AskAsync(connection, i, cancel.Token);
            connection.Retire();
            try
            {
                await ask;
            }
            catch (OperationCanceledException)
            {
                // As it should be, most times.
            }
        }

        await Eventually.HoldsAsync(() => relay.Open == 0);
    }

    [Fact]
    public async Task Connections_that_are_refused_are_closed_by_both_and_free_their_places()
    {
        await using var rig = new Rig { Options = new() { MaxConnections = 1 } };
        var folder = rig.Keep(new SecretFolder("one"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder));
        var relay = rig.Keep(Relay.Start(server.Port, packet => packet.Bytes));
        var client = rig.Client();
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(Delivery.Unauthenticated, (await SendAsync(client, relay.Port)).Outcome);
        }

        await Eventually.HoldsAsync(() => relay.Open == 0);
        for (var i = 0; i < 20; i++)
        {
            using var peer = await PeerByHand.ConnectAsync(server.Port, PeerBytes.MacsOf("one"));
            await peer.SendAsync([.. peer.Request(1), .. PeerBytes.Frame(3, new byte[20])]);
            Assert.Equal(Status.Ok, (await peer.ReadReplyAsync())!.Status);
            Assert.Equal(Status.Malformed, (await peer.ReadReplyAsync())!.Status);
            peer.Line.Finish();
            await peer.Line.DrainAsync();
        }

        Assert.Equal(0, rig.Counts.Rejected(Rejection.TooManyConnections));
    }

    private static PeerConnection Connection(Rig rig, int port)
    {
        var sockets = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), NullLogger.Instance);
        return new PeerConnection(
            new Dialer(At(port), rig.Options, rig.Secret(), sockets), rig.Options, rig.Secret(), TimeProvider.System);
    }

    private static Task<WireAnswer> AskAsync(PeerConnection connection, long round, CancellationToken ct)
    {
        Assert.True(connection.Enter());
        return connection.AskAsync(new WireCodec(WireLimits.Default).Encode(Probe(round)), ct);
    }

    // Nothing outside would tell: those that wait for nothing cost memory only.
    private static int Waiting(PeerConnection connection) => ((ICollection)typeof(PeerConnection)
        .GetField("_waiting", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(connection)!).Count;

    /// <summary>Answers what has a round below 0 when it is told to, and the rest at once.</summary>
    private sealed class Held
    {
        private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _arrived;

        public void Go() => _go.SetResult();

        public Task ArrivedAsync(int count) => Eventually.HoldsAsync(() => Volatile.Read(ref _arrived) == count);

        public async Task<Envelope?> AnswerAsync(Envelope request, CancellationToken ct)
        {
            if (((Probe)request.Body).Round < 0)
            {
                Interlocked.Increment(ref _arrived);
                await _go.Task.WaitAsync(ct);
            }

            return await Echo(request, ct);
        }
    }
}
