using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Tests.Dns;
using Xunit;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsBytes;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsSrvResolverTests;
using ServiceName = Orleans.Clustering.KubeDns.Discovery.ServiceName;
using ServicePort = Orleans.Clustering.KubeDns.Discovery.ServicePort;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>
/// Several name servers, not all of which know our cluster. All are taken to serve the same names, as every resolver
/// takes them; the rules here are what can be done when one does not. A server that fails hands over to the next. One
/// that knows no such name is believed only if all others agree. One that lists the pods of another cluster under our
/// service's name cannot be told from ours: its list lacks us, which is diagnosed, and those on it are strangers.
/// </summary>
public sealed class StackNameServersTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Theory]
    [InlineData("gone")]
    [InlineData("silent")]
    [InlineData("not synchronised")]
    [InlineData("of another zone")]
    [InlineData("without our service")]
    public async Task The_second_server_is_asked_where_the_first_does_not_know(string first)
    {
        await using var other = await LocalDnsServer.StartAsync(
            new() { Zone = first == "of another zone" ? "other.test" : "cluster.local" });
        if (first == "gone") await other.DisposeAsync();
        other.Cluster.Synchronised = first != "not synchronised";
        other.Cluster.Faults = new FaultSpec { Answer = first == "silent" ? FaultAnswer.Drop : null };
        await using var ours = await WholeStack.StartAsync(WholeStack.Pod("silo-7", "10.1.0.7"));

        var view = await LookUpAsync(Impatient(other.EndPoint, ours.EndPoint));

        Assert.Equal("Records Listed: silo-7=10.1.0.7", view.Show());
    }

    [Theory]
    [InlineData(FaultAnswer.NxDomain, DnsOutcome.NxDomain)]
    [InlineData(FaultAnswer.ServFail, DnsOutcome.ServFail)]
    [InlineData(FaultAnswer.Drop, DnsOutcome.TimedOut)]
    internal async Task No_such_name_is_believed_only_if_every_server_says_so(FaultAnswer second, DnsOutcome outcome)
    {
        await using var foreign = await LocalDnsServer.StartAsync();
        await using var ours = await WholeStack.StartAsync(WholeStack.Pod("silo-7", "10.1.0.7"));
        ours.Cluster.Faults = new FaultSpec { Answer = second };
        IPEndPoint[][] orders = [[foreign.EndPoint, ours.EndPoint], [ours.EndPoint, foreign.EndPoint]];
        foreach (var order in orders)
        {
            var view = await LookUpAsync(Impatient(order));

            Assert.Equal(outcome, view.Outcome);
            Assert.Equal(outcome == DnsOutcome.NxDomain ? "KDNS301" : null, view.Diagnosis?.Code);
            if (view.Diagnosis is null) Assert.Contains("NXDOMAIN", view.Detail);
        }
    }

    [Fact]
    public async Task Another_cluster_with_a_service_of_our_name_does_not_list_us()
    {
        await using var foreign = await WholeStack.StartAsync(WholeStack.Pod("silo-7", "10.9.0.7"));
        await using var ours = await WholeStack.StartAsync(WholeStack.Pod("silo-7", "10.1.0.7"));

        var view = await LookUpAsync(Settings(foreign.EndPoint, ours.EndPoint));

        Assert.Equal("Records NotYetListed: silo-7=10.9.0.7", view.Show());
        Assert.Equal("KDNS303", view.Diagnosis?.Code);
    }

    [Fact]
    public async Task Addresses_are_asked_of_the_server_that_named_the_targets()
    {
        await using var foreign = RawDnsServer.Start((query, _) => TypeOf(query) == Srv
            ? Reply(AnswerTo(query, ServFail))
            : Reply(AnswerTo(query).AddAnswer(NameOf(query), "10.9.9.9")));
        await using var ours = RawDnsServer.Start(WithoutGlue(1));

        var answer = await new DnsSrvResolver(Settings(foreign.EndPoint, ours.EndPoint))
            .ResolveAsync(Question, default);

        Assert.Equal("10.1.0.0", $"{Assert.Single(answer.Targets.Single().Addresses)}");
    }

    [Fact]
    public async Task A_dead_first_server_costs_one_try_however_many_addresses_are_asked()
    {
        await using var dead = RawDnsServer.Start((_, _) => null);
        await using var ours = RawDnsServer.Start(WithoutGlue(50));

        var answer = await new DnsSrvResolver(Impatient(dead.EndPoint, ours.EndPoint)).ResolveAsync(Question, default);

        Assert.Equal((DnsOutcome.Records, 50), (answer.Outcome, answer.Targets.Length));
        Assert.Equal((1, 1), (dead.UdpQuestions, dead.TcpQuestions));
    }

    [Fact]
    public async Task A_rewritten_resolv_conf_holds_from_the_next_look_up_on()
    {
        await using var one = await WholeStack.StartAsync(WholeStack.Pod("silo-1", "10.1.0.1"));
        await using var two = await WholeStack.StartAsync(WholeStack.Pod("silo-2", "10.1.0.2"));
        var silo = Silo(Settings() with { NameServers = new NameServerList([], _file).Read });

        async Task SeesAsync(string expected) => Assert.Equal(expected, (await silo.LookUpAsync(default)).Show());

        await SeesAsync("Unreachable Unknown:");
        File.WriteAllText(_file, $"search shop.svc.cluster.local\nnameserver {one.EndPoint}\n");
        await SeesAsync("Records NotYetListed: silo-1=10.1.0.1");
        File.WriteAllText(_file, $"nameserver {two.EndPoint}\nnameserver {one.EndPoint}\n");
        await SeesAsync("Records NotYetListed: silo-2=10.1.0.2");

        // Caught while somebody writes it, it is a failure, which takes nobody's peers away.
        File.WriteAllText(_file, "");
        await SeesAsync("Unreachable Unknown:");
        File.WriteAllText(_file, $"nameserver {one.EndPoint}\n");
        await SeesAsync("Records NotYetListed: silo-1=10.1.0.1");
        File.Delete(_file);
        await SeesAsync("Records NotYetListed: silo-1=10.1.0.1");
    }

    // A pod's dnsConfig may bring the search list to six; only the first entry of Kubernetes' form counts, and none is
    // ever put behind the question.
    [Theory]
    [InlineData("shop.svc.cluster.local svc.cluster.local cluster.local a.example b.example c.example")]
    [InlineData("a.example shop.svc.cluster.local svc.cluster.local cluster.local b.example c.example")]
    [InlineData("shop.svc.cluster.local svc.cluster.local cluster.local other.svc.b.example c.example example")]
    [InlineData("a.example b.example c.example d.example e.example Shop.SVC.Cluster.Local.")]
    public async Task Of_six_search_entries_one_tells_the_name_and_one_question_is_asked(string search)
    {
        await using var stack = await WholeStack.StartAsync(WholeStack.Pod("silo-7", "10.1.0.7"));
        File.WriteAllText(_file, $"nameserver {stack.EndPoint}\nsearch {search}\noptions ndots:5\n");
        var name = ServiceName.Find(new ServiceNameSettings("orleans") { ResolvConf = _file });
        var settings = Settings() with { NameServers = new NameServerList([], _file).Read };

        var view = await Silo(settings, new ServicePort(name, "discovery")).LookUpAsync(default);

        Assert.Equal("Records Listed: silo-7=10.1.0.7", view.Show());
        Assert.Equal(Given.Port.SrvName, Assert.Single(stack.Queries).Name);
    }

    // kube-dns says priority 10, CoreDNS 0; the weight is a hundred shared out.
    [Theory]
    [InlineData(0, 33, 0, 33)]
    [InlineData(10, 1, 0, 100)]
    [InlineData(0, 65535, 65535, 0)]
    public async Task Priority_and_weight_make_no_difference(int priority0, int weight0, int priority1, int weight1)
    {
        static byte[] Data(int priority, int weight, string target) =>
            [(byte)(priority >> 8), (byte)priority, (byte)(weight >> 8), (byte)weight, 0x2b, 0x68, .. Name(target)];
        await using var server = RawDnsServer.Start((query, _) => Reply(AnswerTo(query)
            .Add(1, Name(Question), Srv, 5, Data(priority1, weight1, "silo-8." + Service))
            .Add(1, Name(Question), Srv, 5, Data(priority0, weight0, "silo-7." + Service))
            .AddGlue("silo-7." + Service, "10.1.0.7").AddGlue("silo-8." + Service, "10.1.0.8")));

        var view = await LookUpAsync(Settings(server.EndPoint));

        Assert.Equal("Records Listed: silo-7=10.1.0.7 silo-8=10.1.0.8", view.Show());
    }

    private static Func<byte[], bool, RawReply?> WithoutGlue(int pods) => (query, _) =>
    {
        var answer = AnswerTo(query);
        var name = NameOf(query);
        if (TypeOf(query) == A) answer.AddAnswer(name, $"10.1.0.{name[5..name.IndexOf('.')]}");
        for (var i = 0; TypeOf(query) == Srv && i < pods; i++) answer.AddSrv(Question, $"silo-{i}.{Service}", 1);
        return Reply(answer);
    };

    private static DiscoveryService Silo(DnsSettings settings, ServicePort? service = null) => new(
        new DnsSrvResolver(settings), new DiscoverySettings(service ?? Given.Port, Given.Self), TimeProvider.System);

    private static Task<PeerView> LookUpAsync(DnsSettings settings) => Silo(settings).LookUpAsync(default);
}
