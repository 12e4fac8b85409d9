using KubeDns.Local.Model;
using KubeDns.Local.Wire;

namespace KubeDns.Local.Server;

internal enum Transport
{
    Udp,
    Tcp,
}

/// <summary>What became of a query: an answer after a delay, silence, or a connection to close.</summary>
internal readonly record struct Reply(byte[]? Message, TimeSpan Delay, bool Close)
{
    public static readonly Reply Silence = default;
    public static readonly Reply Hangup = new(null, TimeSpan.Zero, true);
}

/// <summary>A query that was answered, or was not, as tests may want to wait for it.</summary>
/// <param name="Transport">How it came.</param>
/// <param name="Name">Name asked for; empty if the query could not be read.</param>
/// <param name="Type">Type asked for.</param>
/// <param name="Code">Code answered; null for none.</param>
internal sealed record ObservedQuery(Transport Transport, string Name, RecordType Type, ResponseCode? Code);

/// <summary>From the bytes of a query to the bytes of a reply, faults included; the same for both transports.</summary>
internal sealed class Exchange(LocalCluster cluster, Responder responder, int maximumUdpSize)
{
    private const int MinimumUdpSize = 512;

    public event Action<ObservedQuery>? Observed;

    public Reply Handle(ReadOnlySpan<byte> message, Transport transport)
    {
        if (QueryReader.Read(message) is not { } query)
        {
            Observe(transport, null, null);
            return transport == Transport.Tcp ? Reply.Hangup : Reply.Silence;
        }

        var service = query.Question is { } question ? responder.ServiceOf(question.Name) : null;
        var faults = cluster.FaultsOf(service);
        if (Lost(transport, faults) is { } lost)
        {
            Observe(transport, query, null);
            return lost;
        }

        var answer = responder.Answer(query, faults);
        var bytes = ResponseWriter.Write(query, answer, SizeLimit(query, transport, faults), maximumUdpSize);
        Observe(transport, query, answer.Code);
        return new Reply(bytes, TimeSpan.FromMilliseconds(faults.AnswerDelayMs ?? 0), false);
    }

    private static Reply? Lost(Transport transport, FaultSpec faults) =>
        FaultOf(transport, faults) switch
        {
            TransportFault.Closed => Reply.Hangup,
            TransportFault.Silent => Reply.Silence,
            _ => faults.Answer == FaultAnswer.Drop ? Reply.Silence : null,
        };

    private static TransportFault FaultOf(Transport transport, FaultSpec faults) =>
        (transport == Transport.Udp ? faults.Udp : faults.Tcp) ?? TransportFault.None;

    private int SizeLimit(DnsQuery query, Transport transport, FaultSpec faults) =>
        FaultOf(transport, faults) == TransportFault.Truncated ? 0
            : transport == Transport.Tcp ? ushort.MaxValue
            : Math.Max(MinimumUdpSize, Math.Min(query.Edns?.UdpSize ?? MinimumUdpSize, maximumUdpSize));

    private void Observe(Transport transport, DnsQuery? query, ResponseCode? code) =>
        Observed?.Invoke(new ObservedQuery(
            transport, query?.Question?.Name.ToString() ?? "", query?.Question?.Type ?? 0, code));
}
