using System.Diagnostics;
using System.Net.Sockets;
using DnsClient;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Xunit;
using Via = KubeDns.Local.Server.Transport;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

public sealed class FaultTests : IAsyncLifetime
{
    private const string Faulty = "hdls1.testns.svc.cluster.local.";
    private const string Sound = "svc1.testns.svc.cluster.local.";
    private const ushort A = 1;

    private LocalDnsServer _dns = null!;
    private DnsProbe _probe = null!;

    public async Task InitializeAsync()
    {
        _dns = await LocalDnsServer.StartAsync(new() { Cluster = KnownCluster.State });
        _probe = new DnsProbe(_dns);
    }

    public async Task DisposeAsync() => await _dns.DisposeAsync();

    [Theory]
    [InlineData("ServFail", DnsHeaderResponseCode.ServerFailure)]
    [InlineData("NxDomain", DnsHeaderResponseCode.NotExistentDomain)]
    public async Task Wrong_code_for_one_service_with_authority(string answer, DnsHeaderResponseCode code)
    {
        Fault(new() { Answer = Enum.Parse<FaultAnswer>(answer) });
        foreach (var name in new[] { Faulty, "172-0-0-2." + Faulty, "_http._tcp." + Faulty })
        {
            var response = await _probe.AskAsync(name, QueryType.SRV);
            Assert.Equal(code, response.Header.ResponseCode);
            Assert.Single(response.Authorities);
            Assert.Empty(response.Answers);
        }

        Assert.Equal("10.0.0.1", await _probe.AddressesAsync(Sound));
        _dns.Cluster.SetServiceFaults("testns", "hdls1", null);
        Assert.StartsWith("172.0.0.2", await _probe.AddressesAsync(Faulty));
    }

    [Fact]
    public async Task Fault_of_all_is_overridden_by_that_of_a_service()
    {
        _dns.Cluster.Faults = new() { Answer = FaultAnswer.NxDomain, Ttl = 7 };
        Fault(new() { Answer = FaultAnswer.Normal });
        Assert.Equal(7, (await _probe.AskAsync(Faulty, QueryType.A)).Answers[0].InitialTimeToLive);
        Assert.Equal(
            DnsHeaderResponseCode.NotExistentDomain,
            (await _probe.AskAsync(Sound, QueryType.A)).Header.ResponseCode);
    }

    [Fact]
    public async Task Dropped_query_has_no_answer_but_later_ones_do()
    {
        Fault(new() { Answer = FaultAnswer.Drop });
        await NoAnswerOverUdpAsync();

        using var connection = await _probe.ConnectAsync();
        await ExpectAsync(Via.Tcp, () => DnsProbe.SendAsync(connection, DnsProbe.Query(Faulty, A)));
        await DnsProbe.SendAsync(connection, DnsProbe.Query(Sound, A));
        Assert.Equal(1, DnsProbe.Count((await DnsProbe.ReceiveAsync(connection))!, 1));
    }

    [Fact]
    public async Task Udp_can_be_silent_while_tcp_answers()
    {
        Fault(new() { Udp = TransportFault.Silent });
        await NoAnswerOverUdpAsync();
        Assert.Equal(4, DnsProbe.Count(await _probe.TcpAsync(DnsProbe.Query(Faulty, A)), 1));
    }

    [Fact]
    public async Task Tcp_can_be_closed_while_udp_answers()
    {
        Fault(new() { Tcp = TransportFault.Closed });
        using var connection = await _probe.ConnectAsync();
        await DnsProbe.SendAsync(connection, DnsProbe.Query(Faulty, A));
        Assert.Null(await DnsProbe.ReceiveAsync(connection));
        Assert.Equal(4, DnsProbe.Count(await _probe.UdpAsync(DnsProbe.Query(Faulty, A)), 1));
    }

    [Fact]
    public async Task Either_transport_can_cut_every_record_off()
    {
        Fault(new() { Udp = TransportFault.Truncated, Tcp = TransportFault.Truncated });
        foreach (var answer in new[]
        {
            await _probe.UdpAsync(DnsProbe.Query(Faulty, A, 1232)), await _probe.TcpAsync(DnsProbe.Query(Faulty, A)),
        })
        {
            Assert.True(DnsProbe.Truncated(answer));
            Assert.Equal(0, DnsProbe.Count(answer, 1));
        }

        Assert.False(DnsProbe.Truncated(await _probe.UdpAsync(DnsProbe.Query(Sound, A))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    [InlineData(int.MaxValue)]
    public async Task Ttl_can_be_changed(int ttl)
    {
        Fault(new() { Ttl = ttl });
        Assert.All(
            (await _probe.AskAsync(Faulty, QueryType.A)).Answers, r => Assert.Equal(ttl, r.InitialTimeToLive));
        Assert.Equal(5, (await _probe.AskAsync(Sound, QueryType.A)).Answers[0].InitialTimeToLive);
    }

    [Fact]
    public async Task Late_answer_holds_up_no_other()
    {
        Fault(new() { AnswerDelayMs = 1000 });
        using var socket = new UdpClient();
        socket.Connect(_dns.EndPoint);
        var watch = Stopwatch.StartNew();
        await socket.SendAsync(DnsProbe.Query(Faulty, A));
        await socket.SendAsync(DnsProbe.Query(Sound, A));
        Assert.Equal(1, DnsProbe.Count((await socket.ReceiveAsync().WaitAsync(DnsProbe.Patience)).Buffer, 1));
        Assert.Equal(4, DnsProbe.Count((await socket.ReceiveAsync().WaitAsync(DnsProbe.Patience)).Buffer, 1));
        Assert.InRange(watch.ElapsedMilliseconds, 990, long.MaxValue);
    }

    [Fact]
    public async Task Observed_queries_tell_name_type_and_code()
    {
        var seen = _dns.NextQueryAsync(q => q.Name == Faulty);
        await _probe.AskAsync(Faulty, QueryType.A);
        Assert.Equal("ObservedQuery { Transport = Udp, Name = " + Faulty + ", Type = A, Code = NoError }",
            (await seen).ToString());
    }

    private void Fault(FaultSpec faults) => _dns.Cluster.SetServiceFaults("testns", "hdls1", faults);

    /// <summary>Proves the silence by the next answer on the same socket, not by waiting.</summary>
    private async Task NoAnswerOverUdpAsync()
    {
        using var socket = new UdpClient();
        socket.Connect(_dns.EndPoint);
        await ExpectAsync(Via.Udp, () => socket.SendAsync(DnsProbe.Query(Faulty, A)).AsTask());
        await socket.SendAsync(DnsProbe.Query(Sound, A));
        var answer = (await socket.ReceiveAsync().WaitAsync(DnsProbe.Patience)).Buffer;
        Assert.Equal(1, DnsProbe.Count(answer, 1));
    }

    private async Task ExpectAsync(Via transport, Func<Task> send)
    {
        var seen = _dns.NextQueryAsync(q => q.Name == Faulty && q.Transport == transport && q.Code is null);
        await send();
        await seen.WaitAsync(DnsProbe.Patience);
    }
}
