using System.Runtime.CompilerServices;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Transport;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>
/// Bytes that this protocol version has written and must go on writing. <c>UPDATE_GOLDEN=1</c> rewrites the files; a
/// change of an old file in the diff is a change of the protocol.
/// </summary>
internal static class Golden
{
    private static readonly WireCodec Codec = new(WireLimits.Default);

    public static void Check(string name, Envelope envelope)
    {
        var path = Path.Combine(Here(), "Golden", $"{name}.hex");
        var bytes = Codec.Encode(envelope);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") Write(path, bytes);
        var golden = Convert.FromHexString(File.ReadAllText(path).ReplaceLineEndings(""));
        Assert.Equal(Convert.ToHexString(golden), Convert.ToHexString(bytes));
        var read = Codec.Decode(golden);
        Samples.AssertSame(envelope, read);
        Assert.Equal(golden, Codec.Encode(read));
    }

    private static void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var lines = Convert.ToHexStringLower(bytes).Chunk(96).Select(chunk => new string(chunk));
        File.WriteAllText(path, string.Join('\n', lines) + "\n");
    }

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
