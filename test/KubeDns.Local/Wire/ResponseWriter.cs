namespace KubeDns.Local.Wire;

/// <summary>Writes a response within a size, and sets TC when any record had to be left out, as CoreDNS does.</summary>
internal static class ResponseWriter
{
    private const int OptLength = 11;

    /// <param name="query">Query to answer.</param>
    /// <param name="answer">What to answer.</param>
    /// <param name="size">Most bytes that the response may have.</param>
    /// <param name="udpSize">Size to announce in the OPT record, if the client sent one.</param>
    public static byte[] Write(DnsQuery query, DnsAnswer answer, int size, int udpSize)
    {
        // CoreDNS compresses only what would not fit otherwise.
        return Write(query, answer, size, udpSize, compress: false, out var complete) is var plain && complete
            ? plain
            : Write(query, answer, size, udpSize, compress: true, out _);
    }

    private static byte[] Write(
        DnsQuery query, DnsAnswer answer, int size, int udpSize, bool compress, out bool complete)
    {
        var buffer = new MessageBuffer(compress);
        WriteHeader(buffer, query);
        var limit = query.Edns is null ? size : size - OptLength;
        complete = true;
        var answers = Section(buffer, answer.Answers, limit, ref complete);
        var authorities = Section(buffer, answer.Authorities, limit, ref complete);
        var additionals = Section(buffer, answer.Additionals, limit, ref complete);
        if (query.Edns is not null)
        {
            WriteOpt(buffer, answer.Code, udpSize);
            additionals++;
        }

        buffer.PatchUInt16(2, (int)Flags(query, answer, complete) | ((int)answer.Code & 0xf));
        buffer.PatchUInt16(6, answers);
        buffer.PatchUInt16(8, authorities);
        buffer.PatchUInt16(10, additionals);
        return buffer.ToArray();
    }

    private static void WriteHeader(MessageBuffer buffer, DnsQuery query)
    {
        buffer.UInt16(query.Id);
        buffer.UInt16(0);
        buffer.UInt16(query.Question is null ? 0 : 1);
        buffer.UInt16(0);
        buffer.UInt16(0);
        buffer.UInt16(0);
        if (query.Question is { } question)
        {
            buffer.Name(question.Name);
            buffer.UInt16((int)question.Type);
            buffer.UInt16(question.Class);
        }
    }

    private static HeaderFlags Flags(DnsQuery query, DnsAnswer answer, bool complete) =>
        HeaderFlags.Response
        | (query.Flags & (HeaderFlags.Opcode | HeaderFlags.RecursionDesired | HeaderFlags.CheckingDisabled))
        | (answer.Authoritative ? HeaderFlags.Authoritative : HeaderFlags.None)
        | (complete ? HeaderFlags.None : HeaderFlags.Truncated);

    /// <summary>As many records as fit, in order; after the first that does not fit, nothing follows at all.</summary>
    private static int Section(MessageBuffer buffer, IReadOnlyList<DnsRecord> records, int limit, ref bool complete)
    {
        for (var written = 0; complete && written < records.Count; written++)
        {
            var mark = buffer.Mark();
            WriteRecord(buffer, records[written]);
            if (buffer.Length > limit)
            {
                buffer.Return(mark);
                complete = false;
                return written;
            }
        }

        return complete ? records.Count : 0;
    }

    private static void WriteRecord(MessageBuffer buffer, DnsRecord record)
    {
        buffer.Name(record.Owner);
        buffer.UInt16((int)record.Type);
        buffer.UInt16(DnsClass.Internet);
        buffer.UInt32(record.Ttl);
        var lengthAt = buffer.Length;
        buffer.UInt16(0);
        WriteData(buffer, record);
        buffer.PatchUInt16(lengthAt, buffer.Length - lengthAt - 2);
    }

    private static void WriteData(MessageBuffer buffer, DnsRecord record)
    {
        switch (record)
        {
            case AddressRecord address:
                buffer.Bytes(address.Address.GetAddressBytes());
                break;
            case ServiceRecord service:
                buffer.UInt16(0);
                buffer.UInt16(service.Weight);
                buffer.UInt16(service.Port);
                buffer.Name(service.Target, mayPoint: false);
                break;
            case AuthorityRecord authority:
                buffer.Name(authority.Server);
                buffer.Name(authority.Mailbox);
                buffer.UInt32(authority.Serial);
                buffer.UInt32(AuthorityRecord.Refresh);
                buffer.UInt32(AuthorityRecord.Retry);
                buffer.UInt32(AuthorityRecord.Expire);
                buffer.UInt32(authority.Ttl);
                break;
            default:
                throw new InvalidOperationException($"No wire form for {record.Type}.");
        }
    }

    private static void WriteOpt(MessageBuffer buffer, ResponseCode code, int udpSize)
    {
        buffer.Bytes([0]);
        buffer.UInt16((int)RecordType.Opt);
        buffer.UInt16(udpSize);
        buffer.UInt32((uint)((int)code >> 4) << 24);
        buffer.UInt16(0);
    }
}
