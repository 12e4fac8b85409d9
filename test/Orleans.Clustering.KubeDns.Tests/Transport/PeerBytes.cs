using System.Buffers.Binary;
using System.Text;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>Writes the wire between silos octet by octet, the wrong as readily as the right.</summary>
internal static class PeerBytes
{
    /// <summary>What every greeting begins with.</summary>
    public static byte[] Start => [.. Wire.Magic, WireCodec.Version];

    public static Macs MacsOf(string secret) => new(Encoding.UTF8.GetBytes(secret));

    /// <param name="macs">None: the code is one that nobody wrote.</param>
    /// <param name="nonce">Drawn by whoever connects.</param>
    /// <param name="version">Of the one who connects.</param>
    public static byte[] Hello(Macs? macs, byte[]? nonce = null, byte version = WireCodec.Version)
    {
        var drawn = nonce ?? new byte[Macs.NonceSize];
        return [.. Wire.Magic, version, .. drawn, .. macs?.Hello(drawn) ?? new byte[Macs.Size]];
    }

    /// <summary>The nonce of a hello, and its code.</summary>
    public static (byte[] Nonce, byte[] Code) Split(byte[] hello) =>
        (hello[5..(5 + Macs.NonceSize)], hello[(5 + Macs.NonceSize)..]);

    public static byte[] Welcome(Status status, byte[]? session, byte[]? code, byte version = WireCodec.Version) =>
        [.. Wire.Magic, version, (byte)status, .. session ?? new byte[Macs.NonceSize], .. code ?? new byte[Macs.Size]];

    /// <param name="counter">Of the request.</param>
    /// <param name="code">32 octets where it is right.</param>
    /// <param name="body">An envelope where it is right.</param>
    /// <param name="length">A lie about what follows.</param>
    public static byte[] Request(long counter, byte[] code, byte[] body, uint? length = null) =>
        Frame(length, [.. Number(counter), .. code, .. body]);

    public static byte[] Reply(long counter, Status status, byte[] code, byte[] body, uint? length = null) =>
        Frame(length, [.. Number(counter), (byte)status, .. code, .. body]);

    public static byte[] Frame(uint? length, byte[] rest)
    {
        var frame = new byte[Wire.LengthSize + rest.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, length ?? (uint)rest.Length);
        rest.CopyTo(frame, Wire.LengthSize);
        return frame;
    }

    private static byte[] Number(long number)
    {
        var bytes = new byte[Wire.CounterSize];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}
