using Orleans.Clustering.KubeDns.Tests.Tidy;

namespace Orleans.Clustering.KubeDns.Tests.Readme;

/// <summary>A fenced block of a document, and the file it says it is taken from.</summary>
internal sealed record MarkdownBlock(
    string Document, int LineNumber, string Language, string? From, string[] Lines)
{
    private const string Marker = "<!-- from: ";
    private const string Fence = "```";

    public static IEnumerable<MarkdownBlock> All() => Documents().SelectMany(Read);

    public static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(SourceTree.Root, "*.md").Select(file => Path.GetFileName(file)!)
            .Concat(SourceTree.Files("*.md", "docs", "k8s", "samples"));

    /// <summary>True if the lines stand together in the file, however far they are indented there.</summary>
    public bool StandsIn(string text)
    {
        var file = text.Split('\n').Select(line => line.Trim()).ToArray();
        var block = Lines.Select(line => line.Trim()).ToArray();
        return Enumerable.Range(0, Math.Max(0, file.Length - block.Length + 1))
            .Any(start => file.AsSpan(start, block.Length).SequenceEqual(block));
    }

    private static IEnumerable<MarkdownBlock> Read(string document)
    {
        var lines = SourceTree.Read(document).Split('\n');
        for (var at = 0; at < lines.Length; at++)
        {
            if (!lines[at].StartsWith(Fence))
            {
                continue;
            }

            var end = Array.FindIndex(lines, at + 1, line => line.StartsWith(Fence));
            if (end < 0)
            {
                throw new FormatException($"{document}:{at + 1}: a block without an end");
            }

            var before = at > 0 ? lines[at - 1] : "";
            var from = before.StartsWith(Marker) ? before[Marker.Length..].Replace("-->", "").Trim() : null;
            yield return new MarkdownBlock(document, at + 1, lines[at][Fence.Length..], from, lines[(at + 1)..end]);
            at = end;
        }
    }
}
