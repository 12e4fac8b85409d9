namespace Chaos;

/// <summary>How a measured thing came out. Late is told and is no failure: a machine may be busy.</summary>
internal enum Verdict
{
    Ok,
    Late,
    Failed,
}

/// <summary>One line of the table at the end.</summary>
internal sealed record Measure(string Scenario, string What, string Seen, string Expected, Verdict Verdict)
{
    /// <summary>Null where no time was measured.</summary>
    public double? Seconds { get; init; }
}

/// <summary>A time that is expected, as the table tells it, and from when on it is late.</summary>
internal sealed record Expected(string Text, double AtMost)
{
    public static Expected Within(double least, double most) => new($"{least:0.#}–{most:0.#} s", most);

    public static Expected Within(double most) => new($"≤ {most:0.#} s", most);

    /// <summary>Told only: nothing is said of it anywhere.</summary>
    public static Expected Nothing { get; } = new("–", double.PositiveInfinity);

    public Verdict Of(double seconds) => seconds <= AtMost ? Verdict.Ok : Verdict.Late;
}
