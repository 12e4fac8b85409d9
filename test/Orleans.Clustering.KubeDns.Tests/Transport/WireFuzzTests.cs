using System.Runtime.CompilerServices;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;
using Xunit.Abstractions;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>
/// Hostile bytes, from a fixed seed: either refused by the one exception, or a message that is written and read again
/// without change. Neither allocates more than a stated multiple of what came. The corpus is what the golden files
/// hold, beside messages drawn; what ever goes wrong is added to it as a golden file.
/// </summary>
public sealed class WireFuzzTests(ITestOutputHelper output)
{
    // What one message may allocate, whatever its bytes: an item of one byte becomes an object, a refusal an exception.
    private const int BytesPerByte = 100;
    private const int BytesAtLeast = 16 * 1024;

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
        byte[][] originals = [.. Corpus(), .. Drawn()];
        var (messages, worst) = (0, 0.0);
        for (var i = 0; i < 120_000; i++)
        {
            var (isMessage, perByte) = Try(Damage([.. originals[i % originals.Length]], originals, random));
            messages += isMessage ? 1 : 0;
            worst = Math.Max(worst, perByte);
        }

        output.WriteLine($"{messages} were messages all the same; at worst {worst:0} bytes allocated for one");
        Assert.InRange(messages, 1_000, 110_000);
    }

    [Fact]
    public void Every_cut_of_a_message_is_refused_or_a_message()
    {
        foreach (var original in Corpus().Concat(Drawn()))
        {
            for (var length = 0; length < original.Length; length++) Try(original.AsSpan(0, length));
        }
    }

    [Fact]
    public void One_bit_of_each_octet_of_a_kept_message_may_be_wrong()
    {
        foreach (var original in Corpus())
        {
            for (var bit = 0; bit < 8 * original.Length; bit += 7)
            {
                byte[] bytes = [.. original];
                bytes[bit / 8] ^= (byte)(1 << bit % 8);
                Try(bytes);
            }
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

    [Fact]
    public void Names_that_share_all_but_a_character_allocate_within_the_bound()
    {
        var name = new string('x', 254);
        var beats = Enumerable.Range(0, 5_000).Select(i => new Beat(new($"{name}{i % 10}", 0, 0), 0)).ToSequence();
        var (isMessage, _) = Try(Codec.Encode(new Samples(1).Envelope() with { Body = new Fetched(News.None, beats) }));
        Assert.True(isMessage);
    }

    private static byte[][] Corpus([CallerFilePath] string here = "") =>
        [.. Directory.GetFiles(Path.Combine(Path.GetDirectoryName(here)!, "Golden"), "*.hex").Order()
            .Select(path => Convert.FromHexString(File.ReadAllText(path).ReplaceLineEndings("")))];

    private static byte[][] Drawn() =>
        [.. Enumerable.Range(0, 200).Select(seed => Codec.Encode(new Samples(seed).Envelope()))
            .Where(bytes => bytes.Length < 20_000)];

    private static byte[] Damage(byte[] bytes, byte[][] others, Random random)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var at = random.Next(1, bytes.Length);
            switch (random.Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes = bytes[..at]; break;
                case 3: bytes = [.. bytes, (byte)random.Next(256)]; break;
                case 4: // a length that lies, possibly by much
                    bytes = [.. bytes[..at], 0xFF, 0xFF, 0xFF, (byte)random.Next(1, 128), .. bytes[at..]];
                    break;
                case 5: // the same piece again and again
                    var piece = bytes[at..Math.Min(bytes.Length, at + random.Next(1, 20))];
                    byte[] many = [.. Enumerable.Repeat(piece, random.Next(2, 50)).SelectMany(part => part)];
                    bytes = [.. bytes[..at], .. many, .. bytes[at..]];
                    break;
                default: // the rest of another
                    var other = others[random.Next(others.Length)];
                    bytes = [.. bytes[..at], .. other[random.Next(other.Length)..]];
                    break;
            }

            if (bytes.Length < 2) return bytes;
        }

        return bytes;
    }

    private static (bool IsMessage, double PerByte) Try(ReadOnlySpan<byte> bytes)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Envelope? read = null;
        try
        {
            read = Codec.Decode(bytes);
        }
        catch (WireFormatException)
        {
            // The one exception.
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > BytesAtLeast + (long)BytesPerByte * bytes.Length)
        {
            Assert.Fail($"{allocated} bytes for {Convert.ToHexString(bytes)}");
        }

        if (read is null) return (false, (double)allocated / Math.Max(1, bytes.Length));

        // Unknown fields are gone now; nothing else may be.
        var again = Codec.Encode(read);
        Assert.True(again.Length <= bytes.Length);
        Assert.Equal(again, Codec.Encode(Codec.Decode(again)));
        return (true, (double)allocated / bytes.Length);
    }
}
