using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Requests and replies on a connection that is trusted: their sizes, order and counters.</summary>
public sealed class FrameTests
{
    private const long Mib = 1 << 20;

    [Theory]
    [InlineData(64 * 1024 - 40)] // the largest small frame
    [InlineData(64 * 1024 - 39)]
    [InlineData(3 * 1024 * 1024)]
    [InlineData(8 * 1024 * 1024)]
    public async Task A_message_of_any_size_up_to_the_limit_passes_both_ways(int size)
    {
        await using var rig = new Rig { Options = new() { MaxLargeFrameBytes = 9 * Mib } };
        var server = await rig.ServeAsync();
        var macs = PeerByHand.NoSecret(rig);
        using var asker = await PeerByHand.ConnectAsync(server.Port, macs);
        for (var i = 1; i <= 3; i++)
        {
            await asker.SendAsync(asker.Request(i, PeerByHand.Padded(Probe(i), size)));
            var came = (await asker.ReadReplyAsync())!;
            Assert.Equal((i, Status.Ok), (came.Counter, came.Status));
        }

        using var listener = Listen();
        var send = SendAsync(rig.Client(), PortOf(listener), 4);
        using var answerer = await PeerByHand.AcceptAsync(listener, macs);
        var request = (await answerer.ReadRequestAsync())!;
        await answerer.SendAsync(answerer.Reply(
            request, PeerByHand.Padded(Probe(0) with { Body = new Mark(4, 0, false) }, size)));
        AssertEchoed(await send, 4);
    }

    [Fact]
    public async Task A_reply_beyond_the_limit_is_malformed_and_not_received()
    {
        await using var rig = new Rig();
        using var listener = Listen();
        var send = SendAsync(rig.Client(), PortOf(listener));
        using var peer = await PeerByHand.AcceptAsync(listener, PeerByHand.NoSecret(rig));
        var request = (await peer.ReadRequestAsync())!;
        await peer.SendAsync(PeerBytes.Reply(request.Counter, Status.Ok, new byte[Macs.Size], [], uint.MaxValue));
        Assert.Equal(Delivery.Malformed, (await send).Outcome);
        Assert.Equal("", await peer.Line.DrainAsync());
    }

    [Fact]
    public async Task A_large_message_without_room_is_told_so_though_it_is_still_being_sent()
    {
        await using var rig = new Rig { Options = new() { MaxLargeFrameBytes = 100_000 } };
        var server = await rig.ServeAsync();
        var client = rig.Client();
        for (var round = 0; round < 10; round++)
        {
            var reply = await client.SendAsync(At(server.Port), Large(), Patience, CancellationToken.None);
            Assert.True(reply.Outcome == Delivery.Overloaded, $"{reply.Outcome}: {reply.Detail}");
            AssertEchoed(await SendAsync(client, server.Port, round), round);
        }
    }

    [Fact]
    public async Task Replies_in_another_order_than_the_requests_reach_their_askers()
    {
        await using var rig = new Rig();
        using var listener = Listen();
        var client = rig.Client();
        var sends = Enumerable.Range(0, 20).Select(round => SendAsync(client, PortOf(listener), round)).ToArray();
        using var peer = await PeerByHand.AcceptAsync(listener, PeerByHand.NoSecret(rig));
        var requests = new List<Came>();
        for (var i = 0; i < sends.Length; i++) requests.Add((await peer.ReadRequestAsync())!);
        Assert.Equal(Enumerable.Range(1, 20).Select(each => (long)each), requests.Select(each => each.Counter));
        requests.Reverse();
        await peer.SendAsync([.. requests.SelectMany(each => peer.Reply(each, PeerByHand.RoundOf(each)))]);
        for (var i = 0; i < sends.Length; i++) AssertEchoed(await sends[i], i);
    }

    [Fact]
    public async Task A_reply_that_nobody_waits_for_is_passed_over()
    {
        await using var rig = new Rig();
        using var listener = Listen();
        var client = rig.Client();
        var send = SendAsync(client, PortOf(listener), 1);
        using var peer = await PeerByHand.AcceptAsync(listener, PeerByHand.NoSecret(rig));
        var request = (await peer.ReadRequestAsync())!;
        var reply = peer.Reply(request, 1);
        await peer.SendAsync([.. peer.Reply(request with { Counter = 99 }, 1), .. reply, .. reply]);
        AssertEchoed(await send, 1);
        send = SendAsync(client, PortOf(listener), 2);
        await peer.SendAsync(peer.Reply((await peer.ReadRequestAsync())!, 2));
        AssertEchoed(await send, 2);
    }

    [Fact]
    public async Task A_reply_of_a_later_version_is_told_as_such()
    {
        await using var rig = new Rig();
        using var listener = Listen();
        var send = SendAsync(rig.Client(), PortOf(listener));
        using var peer = await PeerByHand.AcceptAsync(listener, PeerByHand.NoSecret(rig));
        await peer.SendAsync(peer.Reply((await peer.ReadRequestAsync())!, [2, 1, 2, 3]));
        Assert.Equal(Delivery.WrongVersion, (await send).Outcome);
    }

    [Fact]
    public async Task A_counter_that_does_not_grow_is_refused_and_the_connection_goes_on()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        using var peer = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        long[] counters = [5, 5, 4, 0, -1, long.MinValue, 6, long.MaxValue, 7, long.MaxValue];
        await peer.SendAsync([.. counters.SelectMany(each => peer.Request(each))]);
        var statuses = new List<(long, Status)>();
        foreach (var _ in counters)
        {
            var came = (await peer.ReadReplyAsync())!;
            statuses.Add((came.Counter, came.Status));
        }

        Assert.Equal(
            counters.Zip(
            [
                Status.Ok, Status.Replayed, Status.Replayed, Status.Replayed, Status.Replayed, Status.Replayed,
                Status.Ok, Status.Ok, Status.Replayed, Status.Replayed,
            ]),
            statuses);
        Assert.Equal(7, rig.Counts.Rejected(Rejection.Replayed));
    }

    // Else somebody between could use up the counters of the honest.
    [Fact]
    public async Task A_request_that_is_not_authentic_uses_up_no_counter_and_the_connection_goes_on()
    {
        await using var rig = new Rig();
        var server = await rig.ServeAsync();
        using var peer = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        var forged = PeerBytes.Request(1_000, new byte[Macs.Size], [1]);
        await peer.SendAsync([.. peer.Request(1), .. forged, .. peer.Request(2)]);
        Assert.Equal(Status.Ok, (await peer.ReadReplyAsync())!.Status);
        var refused = (await peer.ReadReplyAsync())!;
        Assert.Equal((1_000, Status.Unauthenticated, 0), (refused.Counter, refused.Status, refused.Body.Length));
        Assert.All(refused.Code, octet => Assert.Equal(0, octet));
        Assert.Equal(Status.Ok, (await peer.ReadReplyAsync())!.Status);
    }

    [Fact]
    public async Task More_requests_of_one_connection_than_its_share_are_refused_and_hold_up_no_other()
    {
        await using var rig = new Rig { Options = new() { MaxInFlightPerPeer = 2 } };
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = await rig.ServeAsync(async (request, ct) =>
        {
            if (((Probe)request.Body).Round < 10) await go.Task;
            return await Echo(request, ct);
        });
        using var greedy = await PeerByHand.ConnectAsync(server.Port, PeerByHand.NoSecret(rig));
        for (var i = 1; i <= 6; i++) await greedy.SendAsync(greedy.Request(i));
        Assert.Equal(Status.Overloaded, (await greedy.ReadReplyAsync())!.Status);
        Assert.Equal(Status.Overloaded, (await greedy.ReadReplyAsync())!.Status);
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 10), 10);
        go.SetResult();
        for (var i = 0; i < 4; i++) Assert.Equal(Status.Ok, (await greedy.ReadReplyAsync())!.Status);
    }

    private static Envelope Large()
    {
        var shares = Enumerable.Range(0, 9_000).Select(seed => new Samples(seed).Make<Row>())
            .DistinctBy(row => row.Silo).ToDictionary(row => row.Silo);
        var state = new Samples(1).Make<ClusterState>();
        return Probe(0) with
        {
            Body = new Founded(state with
            {
                Table = new(7, ImmutableSortedDictionary.CreateRange(shares)),
            }),
        };
    }
}
