using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>Writes DNS messages octet by octet, the wrong ones as readily as the right ones.</summary>
internal sealed class DnsBytes
{
    public const int A = 1, Cname = 5, Txt = 16, Aaaa = 28, Srv = 33;
    public const int NoError = 0, ServFail = 2, NxDomain = 3, Refused = 5;

    // One for each section, so that records may be added in any order.
    private readonly MemoryStream[] _sections = [new(), new(), new(), new()];
    private readonly byte[] _header = new byte[12];

    /// <summary>Starts an answer to <paramref name="query"/> that repeats its id and question.</summary>
    public static DnsBytes AnswerTo(byte[] query, int code = NoError, bool truncated = false)
    {
        var message = new DnsBytes();
        query.AsSpan(0, 2).CopyTo(message._header);
        message.Flags(0x8500 | (truncated ? 0x0200 : 0) | code);
        message.Count(0, 1);
        message._sections[0].Write(query.AsSpan(12, QuestionLength(query)));
        return message;
    }

    /// <summary>The name asked for, in its letters, with the trailing dot.</summary>
    public static string NameOf(byte[] query)
    {
        var name = new StringBuilder();
        for (var i = 12; query[i] != 0; i += query[i] + 1)
        {
            name.Append(Encoding.ASCII.GetString(query, i + 1, query[i])).Append('.');
        }

        return name.ToString();
    }

    public static int TypeOf(byte[] query) =>
        BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(12 + QuestionLength(query) - 4));

    public static byte[] Name(string name)
    {
        using var bytes = new MemoryStream();
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            bytes.WriteByte((byte)label.Length);
            bytes.Write(Encoding.ASCII.GetBytes(label));
        }

        bytes.WriteByte(0);
        return bytes.ToArray();
    }

    public DnsBytes Flags(int flags)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_header.AsSpan(2), (ushort)flags);
        return this;
    }

    public DnsBytes Id(int id)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_header, (ushort)id);
        return this;
    }

    /// <summary>Overwrites a section's count: 0 questions, 1 answers, 2 authorities, 3 additionals.</summary>
    public DnsBytes Count(int section, int count)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_header.AsSpan(4 + 2 * section), (ushort)count);
        return this;
    }

    public DnsBytes AddSrv(string owner, string target, int port, int ttl = 5, int type = Srv, int kind = 1) =>
        Add(1, Name(owner), type, ttl, [0, 0, 0, 16, (byte)(port >> 8), (byte)port, .. Name(target)], kind);

    public DnsBytes AddGlue(string owner, string address, int ttl = 5) => AddAddress(3, owner, address, ttl);

    public DnsBytes AddAnswer(string owner, string address, int ttl = 5) => AddAddress(1, owner, address, ttl);

    public DnsBytes Add(int section, byte[] owner, int type, int ttl, byte[] data, int kind = 1, int? length = null)
    {
        var at = _header.AsSpan(4 + 2 * section);
        BinaryPrimitives.WriteUInt16BigEndian(at, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(at) + 1));
        var body = _sections[section];
        body.Write(owner);
        foreach (var value in new[] { type, kind, ttl >> 16, ttl, length ?? data.Length })
        {
            body.Write([(byte)(value >> 8), (byte)value]);
        }

        body.Write(data);
        return this;
    }

    public byte[] ToArray() => [.. _header, .. _sections.SelectMany(section => section.ToArray())];

    private DnsBytes AddAddress(int section, string owner, string address, int ttl)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        return Add(section, Name(owner), bytes.Length == 4 ? A : Aaaa, ttl, bytes);
    }

    private static int QuestionLength(byte[] query)
    {
        var end = 12;
        while (query[end] != 0)
        {
            end += query[end] + 1;
        }

        return end + 1 + 4 - 12;
    }
}
