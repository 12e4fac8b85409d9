namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>How one thing that the doctor looked at is.</summary>
public enum KubeDnsVerdict
{
    /// <summary>As it should be.</summary>
    Right,

    /// <summary>It works, and will not in some situation that the text names.</summary>
    Warning,

    /// <summary>It keeps silos from each other.</summary>
    Wrong,

    /// <summary>Not looked at, because something before it is wrong or absent.</summary>
    Skipped,
}

/// <summary>One line of the checklist.</summary>
/// <param name="Subject">What was looked at.</param>
/// <param name="Verdict">How it is.</param>
/// <param name="Summary">One line for people.</param>
public sealed record KubeDnsFinding(string Subject, KubeDnsVerdict Verdict, string Summary)
{
    /// <summary>KDNS301 to KDNS316; null where none applies.</summary>
    public string? Code { get; init; }

    /// <summary>What was seen, line by line.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    /// <summary>What was seen, the usual causes and what to type, several lines; empty where all is right.</summary>
    public string Explanation { get; init; } = "";
}
