using System.Collections.Concurrent;

namespace Orleans.Clustering.KubeDns.Node;

/// <summary>The names of the code in the letters of metrics and tags: "NxDomain" is "nx_domain".</summary>
internal static class Words
{
    public static string Of<T>(T value) where T : notnull =>
        string.Concat($"{value}".Select((letter, at) => char.IsUpper(letter)
            ? (at > 0 ? "_" : "") + char.ToLowerInvariant(letter)
            : $"{letter}"));
}

/// <summary>
/// Counts by a word of few; the words given are told from the start, at zero, since Prometheus sees no growth in a
/// series that begins with 1. Any thread may add or read.
/// </summary>
internal sealed class Tally(params IEnumerable<string> words)
{
    private readonly ConcurrentDictionary<string, long> _counts =
        new(words.Select(word => KeyValuePair.Create(word, 0L)));

    public IEnumerable<KeyValuePair<string, long>> All => _counts;

    public void Add(string word) => _counts.AddOrUpdate(word, 1, (_, count) => count + 1);
}
