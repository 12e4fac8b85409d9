using DnsClient;
using DnsClient.Protocol;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Dns;
using Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;
using Xunit;
using ServiceName = Orleans.Clustering.KubeDns.Discovery.ServiceName;
using ServicePort = Orleans.Clustering.KubeDns.Discovery.ServicePort;

namespace Orleans.Clustering.KubeDns.Tests.Discovery;

/// <summary>The known answers through our own layers, over UDP and over TCP.</summary>
public sealed class StackKnownAnswersTests
{
    private const string Zone = ".hdls1.testns.svc.cluster.local";

    private const string Everybody = "172-0-0-2=172.0.0.2 172-0-0-3=172.0.0.3 5678-abcd--1=5678:abcd::1"
        + " 5678-abcd--2=5678:abcd::2 dup-name=172.0.0.4 dup-name=172.0.0.5";

    [Theory]
    [MemberData(nameof(KnownAnswers.Queries), MemberType = typeof(KnownAnswers))]
    public async Task Each_query_ends_with_its_outcome_and_its_records(string query, bool tcp)
    {
        var known = KnownAnswers.To(query);
        await using var stack = await StartAsync(tcp);

        var reply = await new DnsExchange(stack.Settings)
            .AskAsync(known.Name, known.Type, [stack.EndPoint], default);

        Assert.Equal((Outcome(known), tcp), (reply.Outcome, reply.ViaTcp));
        Assert.Equal(known.Lines("answer"), reply.Records.Select(DnsProbe.Show));
        Assert.Equal(
            known.Lines("additional"),
            reply.Additionals.Where(r => r.RecordType != ResourceRecordType.OPT).Select(DnsProbe.Show));
    }

    [Theory]
    [MemberData(nameof(KnownAnswers.Queries), MemberType = typeof(KnownAnswers))]
    public async Task Before_synchronisation_each_query_fails(string query, bool tcp)
    {
        var known = KnownAnswers.To(query);
        await using var stack = await StartAsync(tcp);
        stack.Cluster.Synchronised = false;

        // | any name before synchronisation | SERVFAIL + SOA |
        var reply = await new DnsExchange(stack.Settings)
            .AskAsync(known.Name, known.Type, [stack.EndPoint], default);

        Assert.Equal(DnsOutcome.ServFail, reply.Outcome);
        Assert.Empty(reply.Records);
    }

    // Who the asking silo is, and what the answer shows of it and of its peers.
    [Theory]
    [InlineData("172.0.0.2", "172-0-0-2", "Records Listed: " + Everybody)]
    [InlineData("172.0.0.2", null, "Records Listed: " + Everybody)]
    [InlineData("5678:abcd::1", "5678-abcd--1", "Records Listed: " + Everybody)]
    [InlineData("172.0.0.2", "pod-a", "Records ListedUnderOtherName: " + Everybody)]
    [InlineData("172.0.0.4", "dup-name", "Records DuplicateHostname: " + Everybody)]
    [InlineData("172.0.0.5", null, "Records DuplicateHostname: " + Everybody)]
    [InlineData("172.0.0.9", "172-0-0-9", "Records NotYetListed: " + Everybody)]
    [InlineData("172.0.0.2", "172-0-0-2", "Records PortMismatch: " + Everybody, "http", "hdls1", 81)]
    [InlineData("172.0.0.2", "172-0-0-2", "NxDomain NoService:", "nope")]
    [InlineData("172.0.0.2", "172-0-0-2", "NxDomain NoService:", "http", "nosuch")]
    [InlineData("172.0.0.2", "172-0-0-2", "NxDomain NoService:", "http", "hdls1.nosuch")]
    [InlineData("172.0.0.20", "172-0-0-20", "NxDomain NoService:", "http", "hdlsprtls")]
    [InlineData("172.0.0.2", "172-0-0-2", "Records NotHeadless:", "http", "svc1")]
    [InlineData("172.0.0.2", "172-0-0-2", "Records Listed: " + Everybody, "HtTp", "hDlS1.TeStNs.SvC.cLuStEr.LoCaL.")]
    public async Task A_silo_sees(
        string address, string? name, string expected, string port = "http", string service = "hdls1", int own = 80)
    {
        var settings = new ServiceNameSettings(service);
        var resolv = ResolvConf.Parse("search testns.svc.cluster.local svc.cluster.local cluster.local");
        var asked = new ServicePort(ServiceName.Derive(settings, resolv, null), port);
        var self = WholeStack.Self(address, name is null ? null : name + Zone, own);
        foreach (var tcp in new[] { false, true })
        {
            await using var stack = await StartAsync(tcp);

            var view = await stack.LookUpAsync(self, asked);

            Assert.Equal(expected, view.Show());
            Assert.Equal(expected.StartsWith("Records") && !view.Peers.IsEmpty, view.IsComplete);
        }
    }

    // | SRV `_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL.` | owner as asked; target `svc1.testns.svc.cLuStEr.LoCaL.` |
    [Theory]
    [InlineData("_HtTp._TcP.sVc1.TeStNs.SvC.cLuStEr.LoCaL.", "svc1.testns.svc.cluster.local:80 [10.0.0.1]")]
    [InlineData("_http._tcp.svc1.testns.svc.cluster.local", "svc1.testns.svc.cluster.local:80 [10.0.0.1]")]
    public async Task Whatever_the_letters_of_the_question_targets_are_in_lower_case(string question, string target)
    {
        foreach (var tcp in new[] { false, true })
        {
            await using var stack = await StartAsync(tcp);

            var answer = await stack.Resolver.ResolveAsync(question, default);

            Assert.Equal((DnsOutcome.Records, tcp), (answer.Outcome, answer.ViaTcp));
            Assert.Equal(target, $"{Assert.Single(answer.Targets)}");
        }
    }

    private static DnsOutcome Outcome(KnownAnswer known) =>
        known.Expected.StartsWith("NotExistentDomain") ? DnsOutcome.NxDomain
        : known.Lines("answer").Length == 0 ? DnsOutcome.NoData : DnsOutcome.Records;

    private static Task<WholeStack> StartAsync(bool tcp) =>
        WholeStack.StartAsync(new LocalDnsOptions { Cluster = KnownCluster.State }, tcp);
}
