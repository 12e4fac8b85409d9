using System.Diagnostics;
using System.Net;
using System.Text;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.KubeDnsLocal;

/// <summary>What dig printed of one answer.</summary>
/// <param name="Shown">Code and records, as in <see cref="KnownAnswer.Expected"/>.</param>
/// <param name="Flags">Of the header: qr, aa, tc, rd, ra.</param>
internal sealed record DigAnswer(string Shown, string[] Flags)
{
    public int Answers => Shown.Split('\n').Count(line => line.StartsWith("answer "));
}

/// <summary>BIND's client: it shares no line with our server, nor with the library that our product uses.</summary>
internal static class Dig
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Null: it is not installed.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, "dig")).FirstOrDefault(File.Exists);

    public static async Task<DigAnswer> AskAsync(IPEndPoint server, string name, string type, params string[] options)
    {
        string[] fixedOptions =
            ["-r", $"@{server.Address}", "-p", $"{server.Port}", "+tries=1", "+time=10", "+noall", "+comments",
                "+answer", "+authority", "+additional", "+nocookie"];
        var start = new ProcessStartInfo(Program!, [.. fixedOptions, .. options, "-q", name, "-t", type])
        {
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience);
            await process.WaitForExitAsync().WaitAsync(Patience);
            return Read(output);
        }
        finally
        {
            process.Kill();
        }
    }

    private static DigAnswer Read(string output)
    {
        var shown = new StringBuilder();
        string[] flags = [];
        var section = "";
        foreach (var line in output.Split('\n').Where(line => line.Length > 0))
        {
            if (Between(line, "status: ", ",") is { } status) shown.Append(Code(status)).Append('\n');
            else if (Between(line, ";; flags: ", ";") is { } list) flags = list.Split(' ');
            else if (Between(line, ";; ", " SECTION:") is { } title) section = title.ToLowerInvariant();
            else if (line[0] != ';') shown.Append(section).Append(' ').Append(Record(line)).Append('\n');
        }

        return shown.Length > 0 ? new DigAnswer(shown.ToString(), flags) : throw new IOException($"dig said: {output}");
    }

    // The class is always IN, and the serial of an SOA record tells the time.
    private static string Record(string line)
    {
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).ToList();
        words.RemoveAt(2);
        if (words[2] == "SOA") words.RemoveAt(5);
        return string.Join(' ', words);
    }

    private static string Code(string status) => status switch
    {
        "NOERROR" => "NoError",
        "NXDOMAIN" => "NotExistentDomain",
        "SERVFAIL" => "ServerFailure",
        _ => status,
    };

    private static string? Between(string line, string before, string after)
    {
        var start = line.IndexOf(before, StringComparison.Ordinal);
        if (start < 0) return null;
        var rest = line[(start + before.Length)..];
        var end = rest.IndexOf(after, StringComparison.Ordinal);
        return end < 0 ? null : rest[..end];
    }
}

/// <summary>A theory that needs dig, and is skipped with the reason where there is none.</summary>
internal sealed class DigTheoryAttribute : TheoryAttribute
{
    public DigTheoryAttribute() =>
        Skip = Dig.Program is null ? "dig is not on PATH (Debian: bind9-dnsutils)." : null;
}
