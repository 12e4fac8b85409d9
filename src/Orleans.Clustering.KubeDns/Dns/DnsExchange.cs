using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using DnsClient;

namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>
/// Carries one question to the name servers: UDP first, TCP when UDP was cut off, silent or senseless, the next server
/// when one failed or knows no such name: one that belongs to another cluster must not make ours empty. The library's
/// own retries, cache and fallback are off, because they fold the outcomes together.
/// </summary>
internal sealed class DnsExchange(DnsSettings settings, IDnsQuery? library = null)
{
    // What fits any path unfragmented: on overlay networks fragments get lost, and no TC bit tells.
    private const int UdpSize = 1232;

    private readonly IDnsQuery _client = library ?? new LookupClient(Options());

    private readonly DnsQueryOptions _udp = Options(settings, tcp: false);
    private readonly DnsQueryOptions _tcp = Options(settings, tcp: true);

    /// <summary>
    /// Asks until a server gives records, all agree that there are none, the tries are used up or the deadline passed.
    /// </summary>
    public async Task<DnsReply> AskAsync(
        string name, QueryType type, ImmutableArray<IPEndPoint> servers, CancellationToken deadline)
    {
        if (servers.IsEmpty)
        {
            return new DnsReply(DnsOutcome.Unreachable, "no name server is configured");
        }

        DnsReply? failure = null;
        var empty = new Dictionary<IPEndPoint, DnsReply>();
        var tries = Math.Max(settings.Tries, servers.Length);
        for (var i = 0; i < tries && !deadline.IsCancellationRequested; i++)
        {
            var server = servers[i % servers.Length];
            if (empty.ContainsKey(server)) continue;
            var reply = await AskServerAsync(name, type, server, deadline).ConfigureAwait(false);
            if (reply.Outcome.IsEmpty()) empty[server] = reply;
            else if (reply.IsFinal) return reply;
            else failure = DnsReply.MoreTelling(failure, reply);
            if (empty.Count == servers.Length) return empty.Values.Aggregate(DnsReply.MoreTelling);
        }

        failure ??= new DnsReply(DnsOutcome.TimedOut, "no time was left to ask");
        return empty.Values.Aggregate(failure, DnsReply.MoreTelling);
    }

    private async Task<DnsReply> AskServerAsync(
        string name, QueryType type, IPEndPoint server, CancellationToken deadline)
    {
        var udp = await AskOneWayAsync(name, type, server, tcp: false, deadline).ConfigureAwait(false);
        if (udp.IsAnswered) return udp;
        var tcp = await AskTcpAsync(name, type, server, deadline).ConfigureAwait(false);
        return tcp.IsAnswered ? tcp : DnsReply.MoreTelling(udp, tcp);
    }

    // The library pools TCP connections for 5 s. One that the server has closed meanwhile fails at once, and says
    // nothing of the server; the connection of the second attempt is new.
    private async Task<DnsReply> AskTcpAsync(
        string name, QueryType type, IPEndPoint server, CancellationToken deadline)
    {
        var started = Stopwatch.GetTimestamp();
        var reply = await AskOneWayAsync(name, type, server, tcp: true, deadline).ConfigureAwait(false);
        var quick = Stopwatch.GetElapsedTime(started) < settings.TryTimeout / 2;
        return reply.Outcome is DnsOutcome.TimedOut && quick && !deadline.IsCancellationRequested
            ? await AskOneWayAsync(name, type, server, tcp: true, deadline).ConfigureAwait(false)
            : reply;
    }

    /// <summary>Asks one server once, by one way: for who wants to know of each way by itself.</summary>
    public async Task<DnsReply> AskOneWayAsync(
        string name, QueryType type, IPEndPoint server, bool tcp, CancellationToken deadline)
    {
        DnsReply reply;
        try
        {
            var question = new DnsQuestion(name, type);
            NameServer[] servers = [new NameServer(server)];
            var response = await _client
                .QueryServerAsync(servers, question, tcp ? _tcp : _udp, deadline)
                .ConfigureAwait(false);
            reply = ReplyReader.Read(name, type, response) with { Size = response.MessageSize };
        }
        catch (Exception fault)
        {
            // Whatever a hostile answer makes the parser throw (also ArgumentException and the like) is an outcome.
            reply = Fault(fault);
        }

        var way = $"{server}/{(tcp ? "tcp" : "udp")}";
        return reply with { Server = server, ViaTcp = tcp, Detail = $"{way}: {reply.Detail}" };
    }

    private static DnsReply Fault(Exception fault) => fault switch
    {
        DnsXidMismatchException => new(DnsOutcome.Malformed, "the answer carries another id"),
        DnsResponseException { Code: DnsResponseCode.ConnectionTimeout } => new(DnsOutcome.TimedOut, "no answer"),
        DnsResponseException { Code: DnsResponseCode.Unassigned, InnerException: null } =>
            new(DnsOutcome.Incomplete, "the answer was cut off"),
        DnsResponseException { InnerException: { } inner } => Fault(inner),
        OperationCanceledException or TimeoutException => new(DnsOutcome.TimedOut, "no answer"),
        IOException { InnerException: SocketException inner } => Fault(inner),
        SocketException socket => new(DnsOutcome.Unreachable, $"{socket.SocketErrorCode}"),
        IOException => new(DnsOutcome.Unreachable, "the connection broke"),
        DnsResponseParseException => new(DnsOutcome.Malformed, "the answer cannot be parsed"),
        _ => new(DnsOutcome.Malformed, $"the answer cannot be used ({fault.GetType().Name})"),
    };

    /// <summary>Tests give them to a client of the library whose answers come from no socket.</summary>
    internal static LookupClientOptions Options() => new() { AutoResolveNameServers = false, UseCache = false };

    private static DnsQueryOptions Options(DnsSettings settings, bool tcp) => new()
    {
        UseCache = false,
        Retries = 0,
        Timeout = settings.TryTimeout,
        UseTcpFallback = false,
        UseTcpOnly = tcp,
        UseRandomNameServer = false,
        ThrowDnsErrors = false,
        ContinueOnEmptyResponse = false,
        ExtendedDnsBufferSize = UdpSize,
    };
}
