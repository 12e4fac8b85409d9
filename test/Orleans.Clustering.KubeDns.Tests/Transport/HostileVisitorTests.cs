using System.Diagnostics;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using Xunit.Abstractions;
using static Orleans.Clustering.KubeDns.Tests.Transport.Rig;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Visitors of the discovery port by the hundred, while silos go on talking through it.</summary>
[Collection(Alone.Name)]
public sealed class HostileVisitorTests(ITestOutputHelper output)
{
    private const int Seed = 20_251_126;
    private const int Visits = 2_000;
    private const long MemoryBound = 16 * 1024 * 1024;

    // What the server is set to, and room for a machine that does something else meanwhile.
    private static readonly TimeSpan CloseBound = TimeSpan.FromSeconds(0.3 + 10);

    [Fact]
    public async Task Two_thousand_hostile_visits_harm_nobody()
    {
        using var escapes = new Escapes();
        await using var rig = new Rig
        {
            Options = new() { StrangerTimeout = TimeSpan.FromSeconds(0.3), ReadTimeout = TimeSpan.FromSeconds(0.2) },
        };
        var folder = rig.Keep(new SecretFolder("one"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder));
        var client = rig.Client(rig.Secret(folder));
        await ConnectAsync(client, server.Port);
        await VisitAsync(server.Port, Visitors(), Visits / 2);

        // Kestrel pools as many buffers as it once needed together, and the machine's load decides that: a round may
        // grow by that, but what leaks grows in every round.
        var grown = long.MaxValue;
        for (var round = 0; round < 3 && grown > MemoryBound; round++)
        {
            var before = Alone.LiveBytes();
            using var over = new CancellationTokenSource();
            var honest = HonestCalls.RepeatAsync(
                async n => AssertEchoed(await SendAsync(client, server.Port, n), n), pause: 5, over.Token);
            await VisitAsync(server.Port, Visitors(), Visits);
            await over.CancelAsync();
            var (sent, slowest) = await honest;
            grown = Alone.LiveBytes() - before;
            output.WriteLine($"{sent} honest messages, the slowest {slowest}; {grown} bytes more; {Rejections(rig)}");
            Assert.True(sent > 10 && slowest < TimeSpan.FromSeconds(5), $"{sent} messages, the slowest {slowest}");
        }

        Assert.InRange(grown, long.MinValue, MemoryBound);
        AssertThrottled(rig.Log.All);
        Rejection[] expected =
        [
            Rejection.Stranger, Rejection.BrokenOff, Rejection.TooSlow, Rejection.Unauthenticated,
            Rejection.WrongVersion,
        ];
        Assert.All(expected, reason => Assert.True(rig.Counts.Rejected(reason) > 0, $"{reason}"));
        escapes.AssertNone();
    }

    [Fact]
    public async Task Idle_connections_beyond_the_limit_keep_no_silo_out()
    {
        await using var rig = new Rig
        {
            Options = new() { MaxConnections = 20, StrangerTimeout = TimeSpan.FromMinutes(5) },
        };
        var server = await rig.ServeAsync();
        var early = rig.Client();
        AssertEchoed(await SendAsync(early, server.Port, 1), 1);
        var idle = new List<RawVisitor>();
        for (var i = 0; i < 60; i++)
        {
            idle.Add(await RawVisitor.ConnectAsync(server.Port));
            if (i % 2 == 0) await idle[^1].SendAsync(PeerBytes.Start);
        }

        AssertEchoed(await SendAsync(early, server.Port, 2), 2);
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 3), 3);

        await Eventually.HoldsAsync(() => rig.Counts.Rejected(Rejection.TooManyConnections) >= 40);
        idle.ForEach(visitor => visitor.Dispose());
    }

    // Two that hold the secret, and damage what they send once they are trusted.
    [Fact]
    public async Task Damaged_frames_of_those_who_hold_the_secret_harm_nobody()
    {
        using var escapes = new Escapes();
        await using var rig = new Rig
        {
            Options = new() { ReadTimeout = TimeSpan.FromSeconds(0.3), MaxLargeFrameBytes = 1 << 20 },
        };
        var folder = rig.Keep(new SecretFolder("one"));
        var server = await rig.ServeAsync(secrets: rig.Secret(folder));
        var client = rig.Client(rig.Secret(folder));
        await ConnectAsync(client, server.Port);
        using var over = new CancellationTokenSource();
        var honest = HonestCalls.RepeatAsync(
            async n => AssertEchoed(await SendAsync(client, server.Port, n), n), pause: 5, over.Token);
        await Parallel.ForAsync(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, _) =>
        {
            using var traitor = await PeerByHand.ConnectAsync(server.Port, PeerBytes.MacsOf("one"));
            await traitor.SendAsync(DamagedFrames.Next(traitor, number));
            if (number % 4 != 0) traitor.Line.Finish();
            await traitor.Line.DrainAsync(CloseBound);
        });
        await over.CancelAsync();
        var (sent, slowest) = await honest;
        output.WriteLine($"{sent} honest messages, the slowest {slowest}; {Rejections(rig)}");
        Assert.True(sent > 10 && slowest < TimeSpan.FromSeconds(5), $"{sent} messages, the slowest {slowest}");
        Rejection[] expected =
        [
            Rejection.Oversized, Rejection.BrokenOff, Rejection.TooSlow, Rejection.Malformed, Rejection.Replayed,
            Rejection.Unauthenticated, Rejection.Overloaded,
        ];
        Assert.All(expected, reason => Assert.True(rig.Counts.Rejected(reason) > 0, $"{reason}"));
        escapes.AssertNone();
    }

    [Fact]
    public async Task Half_greetings_keep_no_silo_out()
    {
        await using var rig = new Rig { Options = new() { MaxConcurrentRequests = 1, MaxLargeFrameBytes = 0 } };
        var server = await rig.ServeAsync();
        var early = rig.Client();
        AssertEchoed(await SendAsync(early, server.Port, 1), 1);
        var slow = new List<RawVisitor>();
        for (var i = 1; i <= 40; i++)
        {
            slow.Add(await RawVisitor.ConnectAsync(server.Port));
            await slow[^1].SendAsync(PeerBytes.Hello(null)[..i]);
        }

        AssertEchoed(await SendAsync(early, server.Port, 2), 2);
        AssertEchoed(await SendAsync(rig.Client(), server.Port, 3), 3);
        slow.ForEach(visitor => visitor.Dispose());
    }

    // A busy machine may take longer over its first message than a stranger is given.
    private static async Task ConnectAsync(PeerClient client, int port)
    {
        var patience = Stopwatch.StartNew();
        PeerReply reply;
        do reply = await SendAsync(client, port, 1);
        while (reply.Outcome != Delivery.Replied && patience.Elapsed < Eventually.Patience);
        AssertEchoed(reply, 1);
    }

    private static HostileVisits Visitors() => new(Seed, HostileVisits.PeerCorpus(Seed), PeerBytes.Start, stays: 4);

    internal static async Task VisitAsync(int port, HostileVisits visits, int count, TimeSpan? bound = null)
    {
        var all = Enumerable.Range(0, count).Select(number => (number, visit: visits.Next(number))).ToArray();
        await Parallel.ForEachAsync(all, new ParallelOptions { MaxDegreeOfParallelism = 48 }, async (one, _) =>
        {
            try
            {
                await VisitAsync(port, one.visit, bound ?? CloseBound);
            }
            catch (Exception fault) when (fault is TimeoutException)
            {
                var bytes = Convert.ToHexString(one.visit.Bytes);
                throw new InvalidOperationException($"Visit {one.number} ({one.visit.Kind}), {bytes}", fault);
            }
        });
    }

    private static async Task VisitAsync(int port, Visit visit, TimeSpan bound)
    {
        using var visitor = await RawVisitor.ConnectAsync(port);
        var pieces = visit.Drips ? visit.Bytes.Chunk(1) : visit.Bytes.Chunk(1 << 20);
        foreach (var piece in pieces)
        {
            if (!await visitor.SendAsync(piece)) break;
            if (visit.Drips) await Task.Delay(1);
        }

        if (visit.Lingers) await Task.Delay(20);
        if (visit.Finishes) visitor.Finish();
        await visitor.DrainAsync(bound);
    }

    private static string Rejections(Rig rig) => string.Join(", ", Enum.GetValues<Rejection>()
        .Select(reason => (reason, count: rig.Counts.Rejected(reason)))
        .Where(one => one.count > 0).Select(one => $"{one.reason} {one.count}"));

    // One line a minute of each kind, and no exception among them.
    private static void AssertThrottled(string log)
    {
        var lines = log.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(lines.Length, 1, 12);
        Assert.DoesNotContain("   at ", log);
    }
}
