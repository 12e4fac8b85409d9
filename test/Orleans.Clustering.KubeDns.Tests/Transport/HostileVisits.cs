using System.Text;
using Orleans.Clustering.KubeDns.Transport;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>What one visitor does.</summary>
/// <param name="Kind">For the message of a failure.</param>
/// <param name="Bytes">What he sends.</param>
/// <param name="Drips">Octet by octet.</param>
/// <param name="Finishes">Says at the end that no more will come, rather than wait to be sent away.</param>
/// <param name="Lingers">Stays a moment before that, so that his request may be worked on.</param>
internal sealed record Visit(
    string Kind, byte[] Bytes, bool Drips = false, bool Finishes = true, bool Lingers = false);

/// <summary>
/// Draws visits from a seed: noise, other protocols, and conversations of the right kind (which begin with
/// <paramref name="start"/>) that are damaged. One in <paramref name="stays"/> of those that can waits to be sent away.
/// </summary>
internal sealed class HostileVisits(int seed, byte[][] corpus, byte[] start, int stays)
{
    private readonly Random _random = new(seed);

    public static readonly string[] Kinds =
        ["noise", "noise after the start", "truncated", "flipped bits", "frames", "lengths that lie", "drip",
            "half of one, half of another", "sound but not ours", "says nothing"];

    public Visit Next(int number)
    {
        var kind = Kinds[number % Kinds.Length];
        var sound = corpus[_random.Next(corpus.Length)];
        return kind switch
        {
            "noise" => new(kind, Noise(_random.Next(1, 5_000)), Finishes: Leaves()),
            "noise after the start" => new(kind, [.. start, .. Noise(_random.Next(1, 5_000))], Finishes: Leaves()),
            "truncated" => new(kind, sound[.._random.Next(1, sound.Length)]),
            "flipped bits" => new(kind, Flip(sound), Lingers: true),
            "frames" => new(kind, [.. sound, .. Frames()]),
            "lengths that lie" => new(kind, [.. sound, .. PeerBytes.Frame(
                (uint)_random.NextInt64(1L << 32), Noise(_random.Next(200)))], Finishes: Leaves()),
            "drip" => new(kind, sound[..Math.Min(sound.Length, 40)], Drips: true, Finishes: Leaves()),
            "half of one, half of another" => new(kind, Splice(sound)),
            "sound but not ours" => new(kind, sound, Lingers: true),
            _ => new(kind, [], Finishes: Leaves()),
        };
    }

    /// <summary>Conversations with the discovery port: each is of the right form, and none has the secret.</summary>
    public static byte[][] PeerCorpus(int seed)
    {
        var random = new Random(seed);
        var message = new WireCodec(WireLimits.Default).Encode(Rig.Probe(1));
        var others = PeerBytes.MacsOf("of nobody");
        byte[] hello = PeerBytes.Hello(others, Bytes(Macs.NonceSize)), proof = others.Proof(Bytes(Macs.NonceSize));
        byte[] Request(long counter, uint? length = null) =>
            PeerBytes.Request(counter, others.Request(proof, counter, message), message, length);
        return
        [
            hello,
            [.. hello, .. proof],
            [.. hello, .. proof, .. Request(1), .. Request(2)],
            [.. hello, .. proof, .. Request(1, 100_000_000)],
            [.. hello, .. proof, .. Request(1, 3)],
            [.. Request(1), .. Request(2)],
            [.. hello, .. hello],
            [.. PeerBytes.Hello(others, version: 2), .. Bytes(500)],
            [.. PeerBytes.Welcome(Status.Ok, Bytes(Macs.NonceSize), Bytes(Macs.Size)), .. Bytes(9_000)],
            [.. PeerBytes.Hello(null), .. Enumerable.Range(1, 400).SelectMany(i => Request(i))],
            Encoding.ASCII.GetBytes("POST /message HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
            Http2,
        ];

        byte[] Bytes(int count)
        {
            var bytes = new byte[count];
            random.NextBytes(bytes);
            return bytes;
        }
    }

    /// <summary>Conversations with the status port.</summary>
    public static byte[][] StatusCorpus() =>
    [
        .. new[]
        {
            "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /statusz HTTP/1.0\r\n\r\n",
            "HEAD /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\nhello",
            "GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nFFFFFFFF\r\n",
            $"GET /livez HTTP/1.1\r\nHost: x\r\nX: {new string('y', 20_000)}\r\n\r\n",
            $"GET /{new string('z', 20_000)} HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /livez HTTP/1.1\r\nHost: x\r\n" + string.Concat(Enumerable.Repeat("a: b\r\n", 500)) + "\r\n",
            string.Concat(Enumerable.Repeat("GET /statusz HTTP/1.1\r\nHost: x\r\n\r\n", 200)),
            "GET http://elsewhere/%00%ff/../livez?%zz HTTP/1.1\r\nHost: \r\n\r\n",
            "GET /livez HTTP/1.1\nHost: x\n\n",
        }.Select(Encoding.ASCII.GetBytes),
        Http2,
    ];

    /// <summary>A client's preface and settings, and GET /livez: a port that speaks HTTP/1 may be asked so.</summary>
    private static byte[] Http2 =>
    [
        .. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, 0, 0, 0, 4, 0, 0, 0, 0, 0,
        0, 0, 10, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 4, 6, .. "/livez"u8,
    ];

    private bool Leaves() => _random.Next(stays) != 0;

    private byte[] Noise(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private byte[] Flip(byte[] sound)
    {
        byte[] bytes = [.. sound];
        for (var times = _random.Next(1, 9); times > 0; times--)
        {
            bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        }

        return bytes;
    }

    private byte[] Splice(byte[] first)
    {
        var second = corpus[_random.Next(corpus.Length)];
        return [.. first[.._random.Next(1, first.Length)], .. second[_random.Next(second.Length)..]];
    }

    private IEnumerable<byte> Frames() => Enumerable.Range(0, _random.Next(1, 300)).SelectMany(
        _ => PeerBytes.Frame(null, Noise(_random.Next(100))));
}
