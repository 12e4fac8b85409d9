using System.Buffers.Binary;
using System.Text;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Writes HTTP/2 octet by octet, the wrong as readily as the right.</summary>
internal static class Http2Bytes
{
    public const byte Data = 0, Headers = 1, Settings = 4, Ping = 6, EndStream = 1, EndHeaders = 4;

    public static byte[] Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray();

    /// <summary>What a client sends first.</summary>
    public static byte[] Hello => [.. Preface, .. Frame(Settings, 0, 0, [])];

    /// <param name="type">Of the frame.</param>
    /// <param name="flags">That the type has.</param>
    /// <param name="stream">Odd for requests.</param>
    /// <param name="payload">What follows the nine octets.</param>
    /// <param name="length">A lie about the payload's length.</param>
    public static byte[] Frame(byte type, byte flags, int stream, byte[] payload, int? length = null)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, (length ?? payload.Length) << 8 | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    /// <summary>The headers of a POST; each field literal, so that nothing depends on what went before.</summary>
    public static byte[] Post(int stream, string path, long? length, params (string Name, string Value)[] more)
    {
        List<(string, string)> fields =
            [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "silo"), .. more];
        if (length is { } count) fields.Add(("content-length", $"{count}"));
        return Frame(Headers, EndHeaders, stream, [.. fields.SelectMany(field => Field(field.Item1, field.Item2))]);
    }

    public static byte[] Body(int stream, byte[] bytes) => Frame(Data, EndStream, stream, bytes);

    private static byte[] Field(string name, string value) => [0, .. Text(name), .. Text(value)];

    private static byte[] Text(string text)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        if (bytes.Length < 127) return [(byte)bytes.Length, .. bytes];
        List<byte> length = [127];
        var rest = bytes.Length - 127;
        for (; rest >= 128; rest >>= 7) length.Add((byte)(rest & 127 | 128));
        return [.. length, (byte)rest, .. bytes];
    }
}
