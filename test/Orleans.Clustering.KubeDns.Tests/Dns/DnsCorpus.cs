using System.Runtime.CompilerServices;
using static Orleans.Clustering.KubeDns.Tests.Dns.DnsSrvResolverTests;

namespace Orleans.Clustering.KubeDns.Tests.Dns;

/// <summary>
/// Answers that are kept, a file each, named for what is wrong with it; the fuzzer damages them further. An answer that
/// ever did harm is added. The id in a file is what the answer's differs by from the question's.
/// <c>UPDATE_CORPUS=1</c> writes those that the tests make.
/// </summary>
internal static class DnsCorpus
{
    /// <summary>What the library receives of a datagram.</summary>
    public const int Datagram = 4096;

    private static readonly string Folder = Path.Combine(Here(), "Corpus");

    public static IReadOnlyDictionary<string, byte[]> All { get; } = Load();

    /// <summary>The kept answer, as one to that question.</summary>
    public static byte[] For(byte[] query, byte[] kept) =>
        [(byte)(kept[0] ^ query[0]), (byte)(kept[1] ^ query[1]), .. kept[2..]];

    private static SortedDictionary<string, byte[]> Load()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_CORPUS") == "1") Write();
        return new(Directory.GetFiles(Folder, "*.hex").ToDictionary(
            path => Path.GetFileNameWithoutExtension(path),
            path => Convert.FromHexString(File.ReadAllText(path).ReplaceLineEndings(""))));
    }

    private static void Write()
    {
        Directory.CreateDirectory(Folder);
        var query = HostileAnswerTests.Ask(Question);
        foreach (var (attack, make) in HostileAnswerTests.Hostile) Write(attack, make(query).ToArray());
        Write("sound", One(query).ToArray());
        Write("sound without glue", DnsBytes.AnswerTo(query).AddSrv(Question, "silo-0." + Service, 11112).ToArray());
        Write("names through 64 alignments", Amplified(query, Datagram));
    }

    /// <summary>
    /// The costliest answer we know: labels of 63 octets of which each is a label's length, too, so that 32 names of
    /// half the message's size lie in each other, chained by pointers; and records that are nothing but such a name.
    /// </summary>
    public static byte[] Amplified(byte[] query, int size)
    {
        const int step = 64;
        var head = DnsBytes.AnswerTo(query).ToArray();
        var area = size / 2;
        var start = head.Length + 11;
        var records = (size - start - area) / 12;
        var bytes = new byte[start + area + 12 * records];
        head.CopyTo(bytes, 0);
        (bytes[6], bytes[7]) = ((byte)((records + 1) >> 8), (byte)(records + 1));
        byte[] first = [0, 0xFF, 0xFE, 0, 1, 0, 0, 0, 5, (byte)(area >> 8), (byte)area];
        first.CopyTo(bytes, head.Length);
        bytes.AsSpan(start, area).Fill(step - 1);
        for (var k = 0; k < step; k += 2)
        {
            var end = start + k + step * ((area - 2 * step - k) / step);
            var next = start + k + 2;
            (bytes[end], bytes[end + 1]) = k + 2 < step
                ? ((byte)(0xC0 | next >> 8), (byte)next)
                : ((byte)0, bytes[end + 1]);
        }

        byte[] record = [(byte)(0xC0 | start >> 8), (byte)start, 0xFF, 0xFE, 0, 1, 0, 0, 0, 5, 0, 0];
        for (var i = 0; i < records; i++) record.CopyTo(bytes, start + area + 12 * i);
        return bytes;
    }

    private static void Write(string name, byte[] bytes)
    {
        var lines = Convert.ToHexStringLower(bytes).Chunk(96).Select(chunk => new string(chunk));
        File.WriteAllText(Path.Combine(Folder, $"{name.Replace(' ', '-')}.hex"), string.Join('\n', lines) + "\n");
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
