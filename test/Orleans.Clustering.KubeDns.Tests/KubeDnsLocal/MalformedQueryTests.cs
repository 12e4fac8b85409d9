using System.Text;
using KubeDns.Local.Server;
using KubeDns.Local.Wire;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

public sealed class MalformedQueryTests : IAsyncLifetime
{
    private const string Name = "_http._tcp.hdls1.testns.svc.cluster.local.";
    private const ushort Srv = 33;
    private const int Seed = 20240607;
    private const int Rounds = 5000;

    private LocalDnsServer _dns = null!;
    private DnsProbe _probe = null!;

    public async Task InitializeAsync()
    {
        _dns = await LocalDnsServer.StartAsync(new() { Cluster = KnownCluster.State });
        _probe = new DnsProbe(_dns);
    }

    public async Task DisposeAsync() => await _dns.DisposeAsync();

    public static TheoryData<string, int, byte[]> Malformed => new()
    {
        { "status opcode", 4, Changed(2, 0x11) },
        { "no question", 1, Changed(5, 0) },
        { "two questions", 1, Changed(5, 2) },
        { "three additional records announced", 1, Changed(11, 3) },
        { "one additional record announced, none there", 1, Changed(11, 1) },
        { "label longer than 63", 1, Changed(12, 0x40) },
        { "label beyond the end", 1, Changed(12, 63) },
        { "pointer to itself", 1, [.. Header(), 0xc0, 12, 0, 33, 0, 1] },
        { "pointer forward", 1, [.. Header(), 0xc0, 20, 0, 33, 0, 1] },
        { "pointer into the header", 1, [.. Header(), 0xc0, 2, 0, 33, 0, 1] },
        { "pointer loop over a label", 1, [.. Header(), 1, (byte)'a', 0xc0, 12, 0, 33, 0, 1] },
        { "name longer than 255", 1, [.. Header(), .. LongName(), 0, 0, 33, 0, 1] },
        { "cut in the question", 1, DnsProbe.Query(Name, Srv)[..^2] },
        { "two OPT records", 1, [.. Changed(11, 2), .. Opt(0), .. Opt(0)] },
        { "EDNS version 1", 0, [.. Changed(11, 1), .. Opt(1)] },
        { "chaos class", 5, [.. DnsProbe.Query(Name, Srv)[..^1], 3] },
        { "zone transfer", 5, DnsProbe.Query("cluster.local.", 252) },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task Query_with_a_fault_has_an_error_answer(string what, int code, byte[] query)
    {
        foreach (var answer in new[] { await _probe.UdpAsync(query), await _probe.TcpAsync(query) })
        {
            Assert.True(code == DnsProbe.Code(answer), $"{what}: code {DnsProbe.Code(answer)}");
            Assert.Equal(query[..2], answer[..2]);
            Assert.Equal(0, DnsProbe.Count(answer, 1));
        }
    }

    [Fact]
    public async Task Unknown_edns_version_is_told_so()
    {
        var answer = await _probe.UdpAsync([.. Changed(11, 1), .. Opt(1)]);
        Assert.Equal(1, answer[^6]);
    }

    [Fact]
    public async Task Bytes_that_are_no_query_have_no_answer_and_close_a_connection()
    {
        foreach (var bytes in new[] { Array.Empty<byte>(), new byte[11], Changed(2, 0x81) })
        {
            Assert.Null(QueryReader.Read(bytes));
            using var connection = await _probe.ConnectAsync();
            await DnsProbe.SendAsync(connection, bytes);
            Assert.Null(await DnsProbe.ReceiveAsync(connection));
        }
    }

    [Fact]
    public async Task Label_with_any_bytes_is_echoed()
    {
        var label = Encoding.Latin1.GetString([0, 1, (byte)' ', 0xff, (byte)'A']);
        var query = DnsProbe.Query($"{label}.hdls1.testns.svc.cluster.local.", 1);
        var answer = await _probe.UdpAsync(query);
        Assert.Equal(3, DnsProbe.Code(answer));
        Assert.Equal(query[12..], answer[12..query.Length]);
    }

    [Fact]
    public async Task Survives_random_and_damaged_queries()
    {
        var random = new Random(Seed);
        using var socket = new System.Net.Sockets.UdpClient();
        socket.Connect(_dns.EndPoint);
        for (var round = 1; round <= Rounds; round++)
        {
            await socket.SendAsync(Damaged(random));
            if (round % 50 == 0)
            {
                await IsAliveAsync();
            }
        }

        Assert.False(_dns.Completion.IsCompleted);
    }

    [Fact]
    public async Task Survives_damaged_queries_over_tcp_and_broken_connections()
    {
        var random = new Random(Seed);
        for (var round = 1; round <= 200; round++)
        {
            using var connection = await _probe.ConnectAsync();
            var query = Damaged(random);
            var length = random.Next(4) == 0 ? query.Length + 10 : query.Length;
            await connection.GetStream().WriteAsync((byte[])[(byte)(length >> 8), (byte)length, .. query]);
        }

        Assert.Equal(5, DnsProbe.Count(await _probe.TcpAsync(DnsProbe.Query(Name, Srv)), 1));
        Assert.False(_dns.Completion.IsCompleted);
    }

    private async Task IsAliveAsync() =>
        Assert.Equal(5, DnsProbe.Count(await _probe.UdpAsync(DnsProbe.Query(Name, Srv, 1232)), 1));

    private static byte[] Damaged(Random random)
    {
        if (random.Next(3) == 0)
        {
            var noise = new byte[random.Next(100)];
            random.NextBytes(noise);
            return noise;
        }

        var query = DnsProbe.Query(Name, Srv, random.Next(2) == 0 ? null : 1232);
        for (var flips = random.Next(1, 5); flips > 0; flips--)
        {
            // The answer bit is left alone: a response is dropped before anything is read.
            var bit = random.Next(8 * query.Length);
            query[bit / 8] ^= bit == 16 + 7 ? (byte)0 : (byte)(1 << (bit % 8));
        }

        return random.Next(5) == 0 ? query[..random.Next(query.Length)] : query;
    }

    private static byte[] Changed(int at, byte value)
    {
        var query = DnsProbe.Query(Name, Srv);
        query[at] = value;
        return query;
    }

    private static byte[] Header() => DnsProbe.Query(Name, Srv)[..12];

    private static IEnumerable<byte> LongName() =>
        Enumerable.Range(0, 5).SelectMany(_ => Enumerable.Repeat((byte)'x', 63).Prepend((byte)63));

    private static byte[] Opt(byte version) => [0, 0, 41, 4, 208, 0, version, 0, 0, 0, 0];
}
