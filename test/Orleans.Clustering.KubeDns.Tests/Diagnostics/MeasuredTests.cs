using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Tests.Dns;
using Orleans.Clustering.KubeDns.Tests.Node;
using Orleans.Clustering.KubeDns.Tests.Transport;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsSrvResolverTests;

namespace Orleans.Clustering.KubeDns.Tests.Diagnostics;

/// <summary>
/// Each metric, counted or measured by running code: in scenes that are played once for all the tests here, whichever
/// asks first.
/// </summary>
public sealed class MeasuredTests
{
    private static readonly Scenes<string> Scenes = new(
    [
        AtWorkAsync, AgesAsync, LostLeaderAsync, LostMajorityAsync, StallAsync, TwoClustersAsync, StrangerAsync,
        TransportAsync, LookUpAsync,
    ]);

    public static TheoryData<string> Names => [.. Scenes.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public Task It_is_measured_as_it_is(string scene) => Scenes.PlayAsync(scene);

    [Fact]
    public async Task No_metric_is_without_a_scene_that_saw_it_measured()
    {
        var seen = await Scenes.SeenAsync();

        Assert.Empty(MetricNamesTests.Instruments().Select(instrument => instrument.Name).Except(seen));
    }

    private static async Task<IEnumerable<string>> AtWorkAsync()
    {
        await using var stage = new NodeStage { HasReadyService = true };
        for (var number = 0; number < 4; number++) stage.Add(number, node => node.Domain = node.Member.Address.Host);
        await stage.StartAsync();
        using var meters = new Meters(stage);
        foreach (var node in stage.Nodes) await stage.ActivateAsync(node);
        await stage.PassAsync(5);

        meters.EachIs("quorum", 1);
        meters.EachIs("seconds_without_quorum", 0);
        meters.EachIs("voters", 3);
        meters.EachIs("learners", 1);
        meters.EachIs("epoch", 1);
        meters.EachIs("self_listed", 1);
        meters.EachIs("dns.listed{service=orleans}", 4);
        meters.EachIs("dns.listed{service=orleans-ready}", 4);
        meters.EachIs("rescue_blocked{reason=still_ready}", null);
        Assert.Equal(1, meters.All.Sum(meter => meter["is_leader"]));
        Assert.Equal(3, meters.All.Sum(meter => meter["is_voter"]));
        foreach (var (node, meter) in stage.Nodes.Zip(meters.All))
        {
            Assert.Equal(node.Status.LogIndex, meter["log_index"]);
            Assert.Equal(node.Status.TableVersion, meter["table_version"]);
            if (node.Status.IsVoter) Assert.Equal((3, 3), (meter["voters_reachable"], meter["voter_domains"]));
            Assert.Equal(1, meter["operations{op=insert_row,outcome=done}"]);
            Assert.NotNull(meter["operation.duration{op=insert_row}"]);
            Assert.InRange(meter["greetings{outcome=greeted}"] ?? 0, 1, 1_000);
        }

        Assert.Contains(meters.All, meter => meter["is_leader"] == 1 && meter["decide.duration"] is not null);

        return meters.Told;
    }

    private static async Task<IEnumerable<string>> AgesAsync()
    {
        await using var stage = await NodeStage.FormAsync(1);
        using var meters = new Meters(stage);
        var meter = meters.All[0];
        var waited = meter["founding_wait"];
        await stage.UntilAsync("an older answer", () => meter["dns.answer_age"] > 0.5);
        await stage.UntilAsync("a younger one", () => meter["dns.answer_age"] < 0.5);

        Assert.InRange(waited ?? 0, 0.05, 30);
        Assert.Equal(waited, meter["founding_wait"]);
        return meters.Told;
    }

    private static async Task<IEnumerable<string>> LostLeaderAsync()
    {
        await using var stage = await NodeStage.FormAsync(3);
        using var meters = new Meters(stage);
        var leader = stage.Nodes.Single(node => node.Status.IsLeader);
        await leader.CrashAsync();
        var left = meters.Of(stage.Nodes.Where(node => node != leader));
        await stage.UntilAsync("another leader and voter set", () =>
            left.Sum(meter => meter["is_leader"]) == 1 && left.All(meter => meter["voters"] == 1));

        string[] causes = ["takeovers{cause=ended}", "takeovers{cause=silent}", "takeovers{cause=request}"];
        Assert.InRange(left.Sum(meter => causes.Sum(cause => meter[cause] ?? 0)), 1, 100);
        Assert.InRange(left.Sum(meter => meter["prepare_rounds"] ?? 0), 1, 100);
        Assert.InRange(left.Sum(meter => meter["ended{rule=refused}"] ?? 0), 1, 2);
        Assert.All(left, meter => Assert.InRange(meter["voter_changes{cause=takeover}"] ?? 0, 1, 100));
        Assert.All(left, meter => Assert.InRange(meter["voter_changes{cause=dropped}"] ?? 0, 1, 100));
        return meters.Told;
    }

    private static async Task<IEnumerable<string>> LostMajorityAsync()
    {
        await using var stage = await NodeStage.FormAsync(3, ready: true);
        using var meters = new Meters(stage);
        var left = meters.All[0];
        foreach (var lost in stage.Nodes.Skip(1)) lost.IsCutOff = true;
        await stage.UntilAsync("no quorum", () => left["quorum"] == 0);
        await stage.UntilAsync("a rescue that waits", () => left["rescue_blocked{reason=still_ready}"] == 1);
        await stage.UntilAsync("a while", () => left["seconds_without_quorum"] > 1);
        Assert.Equal(1, left["voters_reachable"]);
        Assert.InRange(left["greetings{outcome=timed_out}"] ?? 0, 1, 1_000);

        foreach (var lost in stage.Nodes.Skip(1)) lost.IsReady = false;
        await stage.UntilAsync("a rescue", () => left["rescues{outcome=rescued}"] == 1);
        Assert.Equal((2, 1, 0), (left["epoch"], left["quorum"], left["seconds_without_quorum"]));
        Assert.Null(left["rescue_blocked{reason=still_ready}"]);
        return meters.Told;
    }

    private static async Task<IEnumerable<string>> StallAsync()
    {
        await using var stage = await NodeStage.FormAsync(1);
        using var meters = new Meters(stage);
        meters.EachIs("stalls", 0);
        stage.Time.Advance(TimeSpan.FromSeconds(10));
        await stage.UntilAsync("a stall", () => meters.All[0]["stalls"] > 0);

        meters.EachIs("stalls", 1);
        return meters.Told;
    }

    private static async Task<IEnumerable<string>> TwoClustersAsync()
    {
        await using var stage = await NodeStage.FormAsync(2, node => node.Sees = other => other == node);
        using var meters = new Meters(stage);
        Assert.NotEqual(stage.Nodes[0].Status.Lineage, stage.Nodes[1].Status.Lineage);
        await stage.PassAsync(3);
        meters.EachIs("lineage_conflicts", 0);
        foreach (var node in stage.Nodes) node.Sees = _ => true;
        await stage.UntilAsync("a meeting", () => meters.All.Any(meter => meter["lineage_conflicts"] > 0));

        return meters.Told;
    }

    private static async Task<IEnumerable<string>> StrangerAsync()
    {
        await using var stage = await NodeStage.FormAsync(1);
        using var meters = new Meters(stage);
        meters.EachIs("foreign_contacts", 0);
        await stage.Add(7, node => node.ClusterId = "other").StartAsync();
        await stage.UntilAsync("a stranger", () => meters.All[0]["greetings{outcome=foreign}"] > 0);

        Assert.InRange(meters.All[0]["foreign_contacts"] ?? 0, 1, 1_000);
        return meters.Told;
    }

    private static async Task<IEnumerable<string>> TransportAsync()
    {
        await using var rig = new Rig();
        using var meter = new Collector();
        meter.Metrics.Watch(rig.Counts);
        var server = await rig.ServeAsync(secrets: rig.Secret(rig.Keep(new SecretFolder("one"))));
        var reply = await Rig.SendAsync(rig.Client(rig.Secret(rig.Keep(new SecretFolder("two")))), server.Port);
        Assert.Equal(Delivery.Unauthenticated, reply.Outcome);
        Assert.Equal((2, 1), (meter["auth_failures"], meter["rejections{reason=unauthenticated}"]));
        Assert.Equal(0, meter["version_mismatches"]);

        var relay = rig.Keep(Relay.Start((await rig.ServeAsync()).Port, packet =>
        {
            if (packet.Kind == Piece.Hello) packet.Version++;
            return packet.Bytes;
        }));
        Assert.Equal(Delivery.WrongVersion, (await Rig.SendAsync(rig.Client(), relay.Port)).Outcome);
        Assert.Equal((2, 1), (meter["version_mismatches"], meter["rejections{reason=wrong_version}"]));
        return meter.Told;
    }

    private static async Task<IEnumerable<string>> LookUpAsync()
    {
        await using var server = RawDnsServer.Start((query, _) => Reply(One(query)));
        using var meter = new Collector();
        var counts = new LookUpCounts();
        meter.Metrics.Watch(counts);
        var answer = await new DnsSrvResolver(Settings(server.EndPoint), counts).ResolveAsync(Question, default);

        Assert.Equal(1, meter["dns.lookups{service=orleans,outcome=records,transport=udp}"]);
        Assert.Equal(answer.Took.TotalSeconds, meter["dns.duration{service=orleans}"]);
        return meter.Told;
    }

    // A collector for each silo of a stage.
    private sealed class Meters : IDisposable
    {
        private readonly Dictionary<StagedNode, Collector> _all;

        public Meters(NodeStage stage) => _all = stage.Nodes.ToDictionary(node => node, Watch);

        public IReadOnlyList<Collector> All => [.. _all.Values];

        public IEnumerable<string> Told => [.. _all.Values.SelectMany(meter => meter.Told).Distinct()];

        public List<Collector> Of(IEnumerable<StagedNode> nodes) => [.. nodes.Select(node => _all[node])];

        public void EachIs(string series, double? value) =>
            Assert.All(_all.Values, meter => Assert.Equal(value, meter[series]));

        public void Dispose()
        {
            foreach (var meter in _all.Values) meter.Dispose();
        }

        private static Collector Watch(StagedNode node)
        {
            var meter = new Collector();
            meter.Metrics.Watch(node.Counts);
            meter.Metrics.Watch(node.Operations);
            meter.Metrics.Watch(node.Contacts);
            meter.Metrics.Watch(() => node.Status);
            return meter;
        }
    }
}
