using System.Buffers.Binary;
using System.Text;

namespace KubeDns.Local.Wire;

/// <summary>Reads one query; whatever the bytes are, the outcome is a query, an error to answer, or nothing.</summary>
internal ref struct QueryReader
{
    private const int HeaderLength = 12;

    private readonly ReadOnlySpan<byte> _message;
    private int _position;

    private QueryReader(ReadOnlySpan<byte> message)
    {
        _message = message;
        _position = HeaderLength;
    }

    /// <summary>Null: not worth an answer (no header, or itself a response, which must never be answered).</summary>
    public static DnsQuery? Read(ReadOnlySpan<byte> message)
    {
        if (message.Length < HeaderLength)
        {
            return null;
        }

        var id = BinaryPrimitives.ReadUInt16BigEndian(message);
        var flags = (HeaderFlags)BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (flags.HasFlag(HeaderFlags.Response))
        {
            return null;
        }

        var empty = new DnsQuery(id, flags, null, null);
        return (flags & HeaderFlags.Opcode) == 0
            ? new QueryReader(message).ReadBody(empty)
            : empty with { Error = ResponseCode.NotImp };
    }

    private DnsQuery ReadBody(DnsQuery query)
    {
        try
        {
            // The counts that CoreDNS accepts: one question, at most one odd record, at most OPT and TSIG.
            if (Count(0) != 1 || Count(1) > 1 || Count(2) > 1 || Count(3) > 2)
            {
                return query with { Error = ResponseCode.FormErr };
            }

            query = query with { Question = new Question(ReadName(), (RecordType)ReadUInt16(), ReadUInt16()) };
            return query with { Edns = ReadEdns(Count(1) + Count(2) + Count(3)) };
        }
        catch (FormatException)
        {
            return query with { Error = ResponseCode.FormErr };
        }
    }

    private readonly ushort Count(int section) =>
        BinaryPrimitives.ReadUInt16BigEndian(_message[(4 + 2 * section)..]);

    private EdnsRequest? ReadEdns(int records)
    {
        EdnsRequest? edns = null;
        for (var i = 0; i < records; i++)
        {
            var owner = ReadName();
            var type = (RecordType)ReadUInt16();
            var size = ReadUInt16();
            var ttl = Take(4);
            Take(ReadUInt16());
            if (type == RecordType.Opt)
            {
                Require(edns is null && owner.Labels.Count == 0);
                edns = new EdnsRequest(size, ttl[1]);
            }
        }

        return edns;
    }

    private DnsName ReadName()
    {
        var labels = new List<string>();
        var length = 1;
        var at = _position;
        var end = -1;
        while (true)
        {
            Require(at < _message.Length);
            var octet = _message[at++];
            if (octet == 0)
            {
                break;
            }

            if (octet >= 0xc0)
            {
                Require(at < _message.Length);
                var target = ((octet & 0x3f) << 8) | _message[at++];
                end = end < 0 ? at : end;

                // A pointer that only goes back, to before itself, cannot loop without end, for names are bounded
                // and every turn through the same labels adds to the length.
                Require(target >= HeaderLength && target < at - 2);
                at = target;
                Require(_message[at] is > 0 and < 0xc0);
                continue;
            }

            length += octet + 1;
            Require(octet <= DnsName.MaximumLabel && at + octet <= _message.Length && length <= DnsName.MaximumBytes);
            labels.Add(Encoding.Latin1.GetString(_message.Slice(at, octet)));
            at += octet;
        }

        _position = end < 0 ? at : end;
        return new DnsName(labels);
    }

    private ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(2));

    private ReadOnlySpan<byte> Take(int count)
    {
        Require(_position + count <= _message.Length);
        _position += count;
        return _message.Slice(_position - count, count);
    }

    private static void Require(bool condition)
    {
        if (!condition)
        {
            throw new FormatException("Not a DNS message.");
        }
    }
}
