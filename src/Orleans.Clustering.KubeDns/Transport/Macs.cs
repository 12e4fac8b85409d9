using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// The message authentication codes (HMAC-SHA256) under one key. Each begins with a line that names version, kind and
/// direction, so that none can stand for another; then come parts of fixed size, the body last. Any thread may ask; the
/// key is kept ready, since that is half of what a code costs.
/// </summary>
internal sealed class Macs(byte[] key)
{
    public const int Size = 32;

    public const int NonceSize = 16;

    private readonly Lock _lock = new();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);

    public byte[] Key => key;

    /// <summary>Who connects begins: over its nonce.</summary>
    public byte[] Hello(ReadOnlySpan<byte> nonce) => Compute("KubeDns/1 hello\n"u8, nonce, default, default);

    /// <summary>Who listens answers: over the hello's code, hence its nonce, and the session, drawn now.</summary>
    public byte[] Welcome(ReadOnlySpan<byte> hello, ReadOnlySpan<byte> session) =>
        Compute("KubeDns/1 welcome\n"u8, hello, session, default);

    /// <summary>Who connects shows that its hello was not another's of before: over the session.</summary>
    public byte[] Proof(ReadOnlySpan<byte> session) => Compute("KubeDns/1 proof\n"u8, session, default, default);

    /// <summary>
    /// A request: over the session, which only this receiver drew, and the counter, which it takes once. No clock.
    /// </summary>
    public byte[] Request(ReadOnlySpan<byte> session, long counter, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[Wire.CounterSize];
        BinaryPrimitives.WriteInt64BigEndian(number, counter);
        return Compute("KubeDns/1 request\n"u8, session, number, body);
    }

    /// <summary>A reply: over the request's code, so that it can answer no other request, and the status.</summary>
    public byte[] Reply(ReadOnlySpan<byte> request, Status status, ReadOnlySpan<byte> body) =>
        Compute("KubeDns/1 reply\n"u8, request, [(byte)status], body);

    /// <summary>Compares in a time that tells nothing of where the two differ.</summary>
    public static bool Same(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) =>
        CryptographicOperations.FixedTimeEquals(left, right);

    private byte[] Compute(
        ReadOnlySpan<byte> label, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> body)
    {
        lock (_lock)
        {
            _hash.AppendData(label);
            _hash.AppendData(first);
            _hash.AppendData(second);
            _hash.AppendData(body);
            return _hash.GetHashAndReset();
        }
    }
}
