namespace Orleans.Clustering.KubeDns.Dns;

/// <summary>
/// Names compare without regard to case and trailing dot: CoreDNS repeats the zone in the letters of the question.
/// </summary>
internal static class DnsName
{
    public const int MaxLength = 253;
    private const int MaxLabel = 63;

    /// <summary>Lower case, no trailing dot: the form in which names are kept and compared.</summary>
    public static string Canonical(string name) => WithoutDot(name).ToLowerInvariant();

    /// <summary>With the trailing dot, so that nothing may append a search suffix.</summary>
    public static string Absolute(string name) => WithoutDot(name) + ".";

    public static bool Same(string left, string right) =>
        string.Equals(WithoutDot(left), WithoutDot(right), StringComparison.OrdinalIgnoreCase);

    public static string[] Labels(string name) => WithoutDot(name).Split('.');

    /// <summary>Labels of 1 to 63 letters, digits, hyphens, underscores: nothing else comes from Kubernetes.</summary>
    public static bool IsHostName(string name)
    {
        var plain = WithoutDot(name);
        return plain.Length is > 0 and <= MaxLength && plain.Split('.').All(IsLabel);
    }

    public static bool IsLabel(string label) =>
        label.Length is > 0 and <= MaxLabel && label.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private static string WithoutDot(string name) => name.EndsWith('.') ? name[..^1] : name;
}
