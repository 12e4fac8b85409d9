using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// The message authentication codes (HMAC-SHA256). Each begins with a line that names version, method, path and
/// direction, so that none can stand for another; then come parts of fixed size, the body last.
/// </summary>
internal static class Macs
{
    public const int Size = 32;

    public const int NonceSize = 16;

    /// <summary>A client asks for a session: over its nonce.</summary>
    public static byte[] Opening(byte[] key, ReadOnlySpan<byte> clientNonce) =>
        Compute(key, "KubeDns/1 POST /session\n"u8, clientNonce, default, default);

    /// <summary>
    /// The server grants it: over the request's code, hence the client's nonce, and the session, which it drew now.
    /// </summary>
    public static byte[] Opened(byte[] key, ReadOnlySpan<byte> opening, ReadOnlySpan<byte> session) =>
        Compute(key, "KubeDns/1 reply /session\n"u8, opening, session, default);

    /// <summary>
    /// A message: over the session, which only this receiver knows, and a counter, which it accepts once. No clock.
    /// </summary>
    public static byte[] Message(byte[] key, ReadOnlySpan<byte> session, long counter, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, counter);
        return Compute(key, "KubeDns/1 POST /message\n"u8, session, number, body);
    }

    /// <summary>A reply: over the request's code, so that it can answer no other request, and the status.</summary>
    public static byte[] Reply(byte[] key, ReadOnlySpan<byte> request, int status, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, status);
        return Compute(key, "KubeDns/1 reply /message\n"u8, request, number, body);
    }

    /// <summary>Compares in a time that tells nothing of where the two differ.</summary>
    public static bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        CryptographicOperations.FixedTimeEquals(left, right);

    private static byte[] Compute(
        byte[] key,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> first,
        ReadOnlySpan<byte> second,
        ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(label);
        mac.AppendData(first);
        mac.AppendData(second);
        mac.AppendData(body);
        return mac.GetHashAndReset();
    }
}
