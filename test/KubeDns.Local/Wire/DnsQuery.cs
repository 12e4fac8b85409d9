namespace KubeDns.Local.Wire;

/// <summary>What the client's OPT record asks for (RFC 6891).</summary>
internal readonly record struct EdnsRequest(ushort UdpSize, byte Version);

internal sealed record Question(DnsName Name, RecordType Type, ushort Class);

/// <summary>A query as far as it could be read: with <see cref="Error"/> set, the rest may be missing.</summary>
internal sealed record DnsQuery(
    ushort Id, HeaderFlags Flags, Question? Question, EdnsRequest? Edns, ResponseCode Error = ResponseCode.NoError);
