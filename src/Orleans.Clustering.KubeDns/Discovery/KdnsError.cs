using System.Collections.Immutable;
using System.Text;

namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>
/// One diagnosis: its code, what was seen, the usual causes and what to type. A value, because most of them pass by
/// themselves while DNS catches up; who reports one decides when it matters.
/// </summary>
internal sealed record KdnsError(
    string Code,
    string Summary,
    ImmutableArray<string> Seen,
    ImmutableArray<string> Causes,
    ImmutableArray<string> Remedy)
{
    /// <summary>How long it has been so, if anyone measured; part of what was seen.</summary>
    public TimeSpan? Lasting { get; init; }

    /// <summary>The whole text, several lines, without a line break at the end.</summary>
    public string Message => Compose();

    public override string ToString() => Message;

    private string Compose()
    {
        var text = new StringBuilder($"{Code}: {Summary}");
        Section(text, "Seen:", Lasting is { } time ? [.. Seen, $"for {time.TotalSeconds:0} s now"] : Seen, "  ");
        Section(text, "Usual causes:", Causes, "  - ");
        Section(text, "What to do:", Remedy, "  ");
        return text.ToString();
    }

    // Line feeds on every system: the text is compared with a file in the tests and read in a log.
    private static void Section(StringBuilder text, string title, ImmutableArray<string> lines, string lead)
    {
        text.Append('\n').Append(title);
        foreach (var line in lines)
        {
            text.Append('\n').Append(line.Length == 0 ? "" : lead + line);
        }
    }
}
