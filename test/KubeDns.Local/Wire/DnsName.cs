namespace KubeDns.Local.Wire;

/// <summary>A domain name as its labels, in the letter case in which it was written; the root has none.</summary>
/// <remarks>One char of a label is one byte on the wire, so that any query can be echoed unchanged.</remarks>
internal sealed class DnsName
{
    public const int MaximumLabel = 63;
    public const int MaximumBytes = 255;

    // No byte of a label becomes this char, so that two names with the same text have the same labels.
    private const char Separator = '\uffff';

    private readonly string[] _labels;
    private readonly string _text;

    public DnsName(IEnumerable<string> labels)
    {
        _labels = [.. labels];
        if (_labels.Any(l => l.Length is 0 or > MaximumLabel || l.Any(c => c > 0xff)))
        {
            throw new FormatException($"'{this}' is no domain name: each label has 1 to {MaximumLabel} characters.");
        }

        _text = string.Join(Separator, _labels);
        if (EncodedLength > MaximumBytes)
        {
            throw new FormatException($"'{this}' is no domain name: it is longer than {MaximumBytes} bytes.");
        }
    }

    public IReadOnlyList<string> Labels => _labels;

    /// <summary>The bytes it takes on the wire without compression.</summary>
    public int EncodedLength => _labels.Length == 0 ? 1 : _text.Length + 2;

    /// <summary>Equal for names that end in the same labels in the same letter case.</summary>
    /// <param name="start">Characters of the labels left out, and one for each of them.</param>
    public ReadOnlySpan<char> Suffix(int start) => _text.AsSpan(start);

    public static DnsName Parse(string text)
    {
        var trimmed = text.EndsWith('.') ? text[..^1] : text;
        return new DnsName(trimmed.Length == 0 ? [] : trimmed.Split('.'));
    }

    public bool IsWithin(DnsName zone) =>
        _labels.Length >= zone._labels.Length && Last(zone._labels.Length).SequenceEqual(zone._labels, Comparer);

    /// <summary>The labels in front of the last <paramref name="zoneLabels"/>.</summary>
    public IReadOnlyList<string> Before(int zoneLabels) => _labels[..^zoneLabels];

    public IEnumerable<string> Last(int count) => _labels.Skip(_labels.Length - count);

    public bool EqualTo(DnsName other) => _labels.SequenceEqual(other._labels, Comparer);

    public override string ToString() => string.Join('.', _labels) + ".";

    private static StringComparer Comparer => StringComparer.OrdinalIgnoreCase;
}
