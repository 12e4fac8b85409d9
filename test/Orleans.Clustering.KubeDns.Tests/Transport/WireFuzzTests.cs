using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>
/// Hostile bytes, from a fixed seed: either refused by the one exception, or a message that is written and read again
/// without change.
/// </summary>
public sealed class WireFuzzTests
{
    private static readonly WireCodec Codec = new(WireLimits.Default);

    [Fact]
    public void Random_bytes_do_no_harm()
    {
        var random = new Random(1);
        for (var i = 0; i < 40_000; i++)
        {
            var bytes = new byte[random.Next(1, 200)];
            random.NextBytes(bytes);
            bytes[0] = WireCodec.Version;
            Try(bytes);
        }
    }

    [Fact]
    public void Damaged_messages_do_no_harm()
    {
        var random = new Random(2);
        var originals = Originals();
        for (var i = 0; i < 80_000; i++) Try(Damage([.. originals[i % originals.Length]], random));
    }

    [Fact]
    public void Every_cut_of_a_message_is_refused_or_a_message()
    {
        foreach (var original in Originals())
        {
            for (var length = 0; length < original.Length; length++) Try(original.AsSpan(0, length));
        }
    }

    [Fact]
    public void A_hostile_body_allocates_no_more_than_a_small_multiple_of_the_limits()
    {
        // Greet whose list of suspects is eight million items of no byte.
        var bytes = new byte[WireLimits.Default.MaxBytes];
        var writer = new WireWriter(WireLimits.Default);
        writer.Raw(WireCodec.Version);
        byte[] head = [.. writer.ToArray(), 6, 0xF5, 0xFF, 0xFF, 0x03, 1, 5, 0xEE, 0xFF, 0xFF, 0x03];
        head.CopyTo(bytes, 0);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<WireFormatException>(() => Codec.Decode(bytes));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024 * 1024);
    }

    private static byte[][] Originals() =>
        [.. Enumerable.Range(0, 200).Select(seed => Codec.Encode(new Samples(seed).Envelope()))
            .Where(bytes => bytes.Length < 20_000)];

    private static byte[] Damage(byte[] bytes, Random random)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            switch (random.Next(4))
            {
                case 0: bytes[random.Next(1, bytes.Length)] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[random.Next(1, bytes.Length)] = (byte)random.Next(256); break;
                case 2: bytes = bytes[..random.Next(1, bytes.Length)]; break;
                default: bytes = [.. bytes, (byte)random.Next(256)]; break;
            }

            if (bytes.Length < 2) return bytes;
        }

        return bytes;
    }

    private static void Try(ReadOnlySpan<byte> bytes)
    {
        Envelope read;
        try
        {
            read = Codec.Decode(bytes);
        }
        catch (WireFormatException)
        {
            return;
        }

        // Unknown fields are gone now; nothing else may be.
        var again = Codec.Encode(read);
        Assert.True(again.Length <= bytes.Length);
        Assert.Equal(again, Codec.Encode(Codec.Decode(again)));
    }
}
