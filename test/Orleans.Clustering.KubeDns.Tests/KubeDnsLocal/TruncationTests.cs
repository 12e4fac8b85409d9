using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>How many pods an answer holds, as bytes count them.</summary>
public sealed class TruncationTests
{
    private const string Question = "_discovery._tcp.orleans.default.svc.cluster.local.";
    private const ushort Srv = 33;

    // 57 characters with the zone, as in the table of facts: 22 and ".orleans.default.svc.cluster.local".
    private const int FirstLabel = 23;

    [Theory]
    [InlineData(null, 4)]
    [InlineData(0, 4)]
    [InlineData(512, 4)]
    [InlineData(1232, 12)]
    [InlineData(4096, 43)]
    public async Task Complete_answers_over_udp_hold_so_many_pods(int? edns, int pods)
    {
        Assert.False(DnsProbe.Truncated(await AskAsync(pods, edns)));
        Assert.True(DnsProbe.Truncated(await AskAsync(pods + 1, edns)));
    }

    [Theory]
    [InlineData(null, 512)]
    [InlineData(1232, 1232)]
    public async Task Truncated_answer_is_a_prefix_and_as_long_as_allowed(int? edns, int size)
    {
        var response = await AskAsync(100, edns);
        Assert.True(DnsProbe.Truncated(response));
        Assert.InRange(response.Length, size - 90, size);
        Assert.InRange(DnsProbe.Count(response, 1), 5, 99);
        Assert.Equal(edns is null ? 0 : 1, DnsProbe.Count(response, 3));

        await using var dns = await StartAsync(100);
        var answer = await new DnsProbe(dns).AskAsync(Question, DnsClient.QueryType.SRV, edns: edns ?? 0);
        var names = answer.Answers.OfType<DnsClient.Protocol.SrvRecord>().Select(r => r.Target.Value).ToList();
        Assert.Equal(Enumerable.Range(0, names.Count).Select(i => Name(i)), names.Select(n => n.Split('.')[0]));
    }

    [Fact]
    public async Task Truncated_is_set_although_only_glue_is_missing()
    {
        var response = await AskAsync(5, edns: null);
        Assert.True(DnsProbe.Truncated(response));
        Assert.Equal(5, DnsProbe.Count(response, 1));
        Assert.InRange(DnsProbe.Count(response, 3), 0, 4);
    }

    [Fact]
    public async Task Over_tcp_the_answer_is_complete_up_to_64_kilobytes()
    {
        foreach (var (pods, truncated) in new[] { (100, false), (600, false), (900, true) })
        {
            await using var dns = await StartAsync(pods);
            var response = await new DnsProbe(dns).TcpAsync(DnsProbe.Query(Question, Srv, 1232));
            Assert.Equal(truncated, DnsProbe.Truncated(response));
            Assert.InRange(DnsProbe.Count(response, 1), Math.Min(pods, 650), pods);
        }
    }

    [Fact]
    public async Task Option_caps_what_the_client_asks_for()
    {
        await using var dns = await StartAsync(30, cap: 1232);
        Assert.InRange((await new DnsProbe(dns).UdpAsync(DnsProbe.Query(Question, Srv, 4096))).Length, 1000, 1232);
    }

    [Fact]
    public async Task Compressed_answer_reads_the_same_as_over_tcp()
    {
        await using var dns = await StartAsync(250);
        var probe = new DnsProbe(dns);
        var response = await probe.AskAsync(Question, DnsClient.QueryType.SRV, edns: 32000);
        Assert.Equal(
            DnsProbe.Show(await probe.AskAsync(Question, DnsClient.QueryType.SRV, tcp: true)),
            DnsProbe.Show(response));
        Assert.False(response.Header.ResultTruncated);
    }

    private static async Task<byte[]> AskAsync(int pods, int? edns)
    {
        await using var dns = await StartAsync(pods);
        return await new DnsProbe(dns).UdpAsync(DnsProbe.Query(Question, Srv, edns));
    }

    private static Task<LocalDnsServer> StartAsync(int pods, int cap = ushort.MaxValue) =>
        LocalDnsServer.StartAsync(new()
        {
            MaximumUdpSize = cap,
            Cluster = new()
            {
                Services = [new ServiceSpec("default", "orleans") { Ports = [new("discovery", 11112)] }],
                Pods = [.. Enumerable.Range(0, pods).Select(i => PodSpec.OfStatefulSet(
                    "default", Name(i), "orleans", new IPAddress([10, 0, (byte)(i >> 8), (byte)i])))],
            },
        });

    private static string Name(int index) => $"silo-{index.ToString().PadLeft(FirstLabel - 5, '0')}";
}
