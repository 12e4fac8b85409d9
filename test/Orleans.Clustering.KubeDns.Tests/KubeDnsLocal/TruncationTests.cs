using System.Net;
using System.Text;
using DnsClient.Protocol;
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
        var labels = SrvLabels(response);
        Assert.Equal(Enumerable.Range(0, labels.Count).Select(Name), labels);
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

    [Theory]
    [InlineData(40, false)]
    [InlineData(600, true)]
    public async Task Compressed_answer_can_be_read(int pods, bool tcp)
    {
        // 600 pods reach beyond the 16 KiB that compression pointers can point into.
        await using var dns = await StartAsync(pods);
        var answer = await new DnsProbe(dns).AskAsync(Question, DnsClient.QueryType.SRV, tcp, edns: 4096);
        var targets = answer.Answers.OfType<SrvRecord>().Select(r => r.Target.Original);
        var glue = answer.Additionals.OfType<ARecord>().Select(r => (r.DomainName.Original, r.Address)).ToList();
        var names = Enumerable.Range(0, pods).Select(i => Name(i) + ".orleans.default.svc.cluster.local.").ToList();
        Assert.Equal(names, targets);
        Assert.Equal(names.Select((n, i) => (n, Address(i))), glue);
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
                    "default", Name(i), "orleans", Address(i)))],
            },
        });

    private static IPAddress Address(int index) => new([10, 0, (byte)(index >> 8), (byte)index]);

    /// <summary>First labels of the targets, by counting bytes: DnsClient does not show truncated answers.</summary>
    private static List<string> SrvLabels(byte[] response)
    {
        var labels = new List<string>();
        var at = DnsProbe.Query(Question, Srv).Length;
        for (var record = 0; record < DnsProbe.Count(response, 1); record++)
        {
            Assert.Equal(0xc0, response[at] & 0xc0);
            var target = at + 12 + 6;
            labels.Add(Encoding.ASCII.GetString(response, target + 1, response[target]));
            at += 12 + (response[at + 10] << 8) + response[at + 11];
        }

        return labels;
    }

    private static string Name(int index) => $"silo-{index.ToString().PadLeft(FirstLabel - 5, '0')}";
}
