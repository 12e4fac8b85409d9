using System.Net;
using System.Net.Sockets;

namespace KubeDns.Local.Wire;

internal abstract record DnsRecord(DnsName Owner, RecordType Type, uint Ttl);

internal sealed record AddressRecord(DnsName Owner, uint Ttl, IPAddress Address)
    : DnsRecord(Owner, TypeOf(Address), Ttl)
{
    public static RecordType TypeOf(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetwork ? RecordType.A : RecordType.Aaaa;
}

internal sealed record ServiceRecord(DnsName Owner, uint Ttl, ushort Weight, ushort Port, DnsName Target)
    : DnsRecord(Owner, RecordType.Srv, Ttl);

internal sealed record AuthorityRecord(DnsName Owner, uint Ttl, DnsName Server, DnsName Mailbox, uint Serial)
    : DnsRecord(Owner, RecordType.Soa, Ttl)
{
    public const uint Refresh = 7200;
    public const uint Retry = 1800;
    public const uint Expire = 86400;
}

/// <summary>What to answer, before the size of the message is thought of.</summary>
internal sealed record DnsAnswer(ResponseCode Code)
{
    public bool Authoritative { get; init; } = true;

    public IReadOnlyList<DnsRecord> Answers { get; init; } = [];

    public IReadOnlyList<DnsRecord> Authorities { get; init; } = [];

    public IReadOnlyList<DnsRecord> Additionals { get; init; } = [];
}
