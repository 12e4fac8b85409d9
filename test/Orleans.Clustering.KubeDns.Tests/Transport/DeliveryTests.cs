using System.Collections.Immutable;
using System.Net.Sockets;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>What becomes of a message, over real sockets.</summary>
public sealed class DeliveryTests
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(0.3);

    [Fact]
    public async Task A_message_arrives_whole_and_so_does_its_reply()
    {
        await using var rig = new Rig();
        var reply = new Samples(8) { Sparse = false }.Envelope();
        Envelope? received = null;
        var server = await rig.ServeAsync((request, _) =>
        {
            received = request;
            return Task.FromResult<Envelope?>(reply);
        });
        var request = new Samples(7) { Sparse = false }.Envelope();
        var result = await rig.Client().SendAsync(At(server.Port), request, Patience, CancellationToken.None);
        Assert.Equal(Delivery.Replied, result.Outcome);
        Samples.AssertSame(request, received);
        Samples.AssertSame(reply, result.Envelope);
    }

    [Fact]
    public async Task No_reply_is_told_as_such()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync((_, _) => Task.FromResult<Envelope?>(null));
        Assert.Equal(Delivery.NoReply, (await SendAsync(rig.Client(), server.Port)).Outcome);
    }

    [Fact]
    public async Task An_IPv6_address_is_reached()
    {
        if (!Socket.OSSupportsIPv6) return;
        await using var rig = new Rig();
        var server = await rig.ServeAsync(host: "::1");
        AssertEchoed(await rig.Client().SendAsync(At(server.Port, "::1"), Probe(6), Patience, default), 6);
    }

    [Fact]
    public async Task A_large_snapshot_passes_both_ways()
    {
        await using var rig = new Rig();
        var rows = Enumerable.Range(0, 8_000).Select(seed => new Samples(seed).Make<Row>())
            .DistinctBy(row => row.Silo).ToDictionary(row => row.Silo);
        var state = new Samples(1).Make<ClusterState>();
        state = state with { Table = new(7, ImmutableSortedDictionary.CreateRange(rows)) };
        var request = Probe(0) with { Body = new Founded(state) };
        var server = await rig.ServeAsync((received, _) => Task.FromResult<Envelope?>(received));
        var reply = await rig.Client().SendAsync(At(server.Port), request, Patience, CancellationToken.None);
        Assert.Equal(Delivery.Replied, reply.Outcome);
        var codec = new WireCodec(WireLimits.Default);
        Assert.Equal(codec.Encode(request), codec.Encode(reply.Envelope!));
    }

    [Fact]
    public async Task Many_messages_at_once_each_get_their_own_reply()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var clients = new[] { rig.Client(), rig.Client(), rig.Client(), rig.Client() };
        await Parallel.ForAsync(0, 2_000, new ParallelOptions { MaxDegreeOfParallelism = 60 }, async (round, _) =>
            AssertEchoed(await SendAsync(clients[round % clients.Length], server.Port, round), round));
    }

    [Fact]
    public async Task A_request_that_takes_long_holds_up_no_other()
    {
        await using var rig = new Rig();
        var (arrived, go) = (Signal(), Signal());
        var server = await rig.ServeAsync(async (request, ct) =>
        {
            if (((Probe)request.Body).Round == 0)
            {
                arrived.SetResult();
                await go.Task;
            }

            return await Echo(request, ct);
        });
        var client = rig.Client();
        var slow = SendAsync(client, server.Port, 0);
        await arrived.Task.WaitAsync(Patience);
        AssertEchoed(await SendAsync(client, server.Port, 1), 1);
        go.SetResult();
        AssertEchoed(await slow, 0);
    }

    [Fact]
    public async Task Where_nothing_listens_the_send_is_refused_and_every_one_after_it()
    {
        await using var rig = new Rig();
        int port;
        using (var socket = Listen()) port = PortOf(socket);
        var client = rig.Client();
        for (var i = 0; i < 3; i++) Assert.Equal(Delivery.Refused, (await SendAsync(client, port)).Outcome);
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, nameof(Delivery.Refused))]
    [InlineData(SocketError.ConnectionReset, nameof(Delivery.Reset))]
    [InlineData(SocketError.HostUnreachable, nameof(Delivery.TimedOut))]
    [InlineData(SocketError.NetworkUnreachable, nameof(Delivery.TimedOut))]
    [InlineData(SocketError.TimedOut, nameof(Delivery.TimedOut))]
    public void Only_a_refused_attempt_is_called_refused(SocketError error, string outcome)
    {
        var attempt = new ConnectException(new SocketException((int)error));
        Assert.Equal(outcome, Faults.Classify(attempt).Failure.ToString());
        var established = new IOException("", new SocketException((int)error));
        Assert.NotEqual(Delivery.Refused, Faults.Classify(established).Failure);
    }

    [Fact]
    public async Task A_stopped_process_is_timed_out_and_holds_up_no_other_peer()
    {
        // The kernel accepts for a stopped process; nobody ever answers.
        using var stopped = Listen();
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var client = rig.Client();
        var silent = Enumerable.Range(0, 10).Select(_ => SendAsync(client, PortOf(stopped), 1, Short)).ToArray();
        AssertEchoed(await SendAsync(client, server.Port, 2), 2);
        Assert.All(await Task.WhenAll(silent), reply => Assert.Equal(Delivery.TimedOut, reply.Outcome));
    }

    [Fact]
    public void A_connection_that_says_nothing_has_the_kernel_ask_for_life()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        Keepalive.On(socket, new() { PingDelay = TimeSpan.FromSeconds(7), PingTimeout = TimeSpan.FromSeconds(4) });
        Assert.NotEqual(0, socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive));
        Assert.Equal(7, socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime));
        var interval = (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval)!;
        var count = (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount)!;
        Assert.Equal(4, interval * count);
    }

    [Fact]
    public async Task After_a_silence_the_next_send_takes_a_fresh_connection()
    {
        using var listener = Listen();
        await using var rig = new Rig();
        var client = rig.Client();
        var first = SendAsync(client, PortOf(listener), 1, Short);
        using var one = await listener.AcceptAsync();
        Assert.Equal(Delivery.TimedOut, (await first).Outcome);
        var second = SendAsync(client, PortOf(listener), 1, Short);
        using var two = await listener.AcceptAsync().WaitAsync(Patience);
        Assert.Equal(Delivery.TimedOut, (await second).Outcome);
    }

    [Fact]
    public async Task A_process_killed_at_work_is_reset_then_refused()
    {
        await using var rig = new Rig();
        int port;
        Task<PeerReply> send;
        using (var listener = Listen())
        {
            port = PortOf(listener);
            send = SendAsync(rig.Client(), port);
            using var victim = await listener.AcceptAsync();
            await victim.ReceiveAsync(new byte[10]);
            victim.LingerState = new LingerOption(true, 0);
        }

        var reply = await send;
        Assert.True(reply.Outcome == Delivery.Reset, $"{reply.Outcome}: {reply.Detail}");
        Assert.Equal(Delivery.Refused, (await SendAsync(rig.Client(), port)).Outcome);
    }

    [Fact]
    public async Task A_server_that_ended_is_refused_at_once_and_a_new_one_there_is_reached_at_once()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        var client = rig.Client();
        AssertEchoed(await SendAsync(client, server.Port, 1), 1);
        await server.DisposeAsync();
        // Reset, where the send comes before the news that the connection is closed.
        PeerReply reply;
        do reply = await SendAsync(client, server.Port);
        while (reply.Outcome == Delivery.Reset);
        Assert.Equal(Delivery.Refused, reply.Outcome);
        await rig.ServeAsync(port: server.Port);
        AssertEchoed(await SendAsync(client, server.Port, 2), 2);
    }

    [Fact]
    public async Task A_server_that_stops_does_not_wait_for_a_handler_for_ever()
    {
        await using var rig = new Rig();
        var arrived = Signal();
        var server = await rig.ServeAsync(async (_, _) =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            return null;
        });
        var send = SendAsync(rig.Client(), server.Port);
        await arrived.Task.WaitAsync(Patience);
        await server.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.Equal(Delivery.Reset, (await send).Outcome);
    }

    [Theory]
    [InlineData(20, nameof(Delivery.Malformed))]
    [InlineData(0, nameof(Delivery.Reset))] // shorter than a welcome: it may have been the beginning of one
    public async Task A_peer_that_speaks_something_else_is_malformed_or_reset(int more, string outcome)
    {
        using var listener = Listen();
        await using var rig = new Rig();
        var send = SendAsync(rig.Client(), PortOf(listener));
        using var stranger = await RawVisitor.AcceptAsync(listener);
        await stranger.ReadAsync(Wire.HelloSize);
        await stranger.SendAsync("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        await stranger.SendAsync(new byte[more]);
        stranger.Finish();
        var reply = await send;
        Assert.True(reply.Outcome.ToString() == outcome, $"{reply.Outcome}: {reply.Detail}");
    }

    [Fact]
    public async Task More_than_the_allowed_sends_to_one_peer_are_not_tried()
    {
        using var stopped = Listen();
        await using var rig = new Rig { Options = new() { MaxInFlightPerPeer = 3 } };
        var client = rig.Client();
        var taken = Enumerable.Range(0, 3).Select(_ => SendAsync(client, PortOf(stopped), 1, Short)).ToArray();
        Assert.Equal(Delivery.Overloaded, (await SendAsync(client, PortOf(stopped))).Outcome);
        Assert.All(await Task.WhenAll(taken), reply => Assert.Equal(Delivery.TimedOut, reply.Outcome));
    }

    [Fact]
    public async Task A_server_with_all_hands_full_says_so()
    {
        await using var rig = new Rig { Options = new() { MaxConcurrentRequests = 1 } };
        var (arrived, go) = (Signal(), Signal());
        var server = await rig.ServeAsync(async (request, ct) =>
        {
            arrived.TrySetResult();
            await go.Task;
            return await Echo(request, ct);
        });
        var client = rig.Client();
        var first = SendAsync(client, server.Port, 1);
        await arrived.Task.WaitAsync(Patience);
        Assert.Equal(Delivery.Overloaded, (await SendAsync(client, server.Port)).Outcome);
        go.SetResult();
        AssertEchoed(await first, 1);
    }

    [Fact]
    public async Task A_handler_that_fails_or_takes_too_long_is_told_apart()
    {
        await using var rig = new Rig { Options = new() { HandlerTimeout = Short } };
        var server = await rig.ServeAsync(async (request, ct) =>
        {
            if (((Probe)request.Body).Round == 1) throw new InvalidOperationException("on purpose");
            await Task.Delay(Timeout.Infinite, ct);
            return null;
        });
        Assert.Equal(Delivery.Reset, (await SendAsync(rig.Client(), server.Port, 1)).Outcome);
        Assert.Equal(Delivery.TimedOut, (await SendAsync(rig.Client(), server.Port, 2)).Outcome);
        Assert.Contains("on purpose", rig.Log.All);
    }

    [Fact]
    public async Task A_handler_is_told_when_the_only_caller_gives_up()
    {
        await using var rig = new Rig();
        var (arrived, told) = (Signal(), Signal());
        var server = await rig.ServeAsync(async (_, ct) =>
        {
            ct.Register(() => told.TrySetResult());
            arrived.SetResult();
            await told.Task;
            return null;
        });
        using var cancel = new CancellationTokenSource();
        var send = rig.Client().SendAsync(At(server.Port), Probe(1), Patience, cancel.Token);
        await arrived.Task.WaitAsync(Patience);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => send);
        await told.Task.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_closed_client_ends_its_sends_and_takes_no_more()
    {
        using var stopped = Listen();
        await using var rig = new Rig();
        var client = rig.Client();
        var send = SendAsync(client, PortOf(stopped));
        await client.DisposeAsync();
        Assert.Equal(Delivery.Reset, (await send.WaitAsync(Patience)).Outcome);
        Assert.Equal(Delivery.Reset, (await SendAsync(client, PortOf(stopped))).Outcome);
    }

    [Fact]
    public async Task What_does_not_fit_the_wire_is_not_sent()
    {
        await using var rig = new Rig();
        var request = Probe(1) with { Key = new(new string('x', 300), "c") };
        var reply = await rig.Client().SendAsync(At(1), request, Patience, CancellationToken.None);
        Assert.Equal(Delivery.Malformed, reply.Outcome);
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_what_to_do()
    {
        await using var rig = new Rig();
        var first = await rig.ServeAsync();
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => rig.ServeAsync(port: first.Port));
        Assert.Contains($"127.0.0.1, port {first.Port}", thrown.Message);
        Assert.Contains("DiscoveryPort", thrown.Message);
        var other = await Assert.ThrowsAsync<InvalidOperationException>(() => rig.ServeAsync(host: "192.0.2.1"));
        Assert.Contains("192.0.2.1", other.Message);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
