using System.Globalization;

namespace FormationBench.Silo;

/// <summary>What a silo tells: its view at every change, and each write that it was told to make.</summary>
internal abstract record Line(DateTime At)
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>Null: some other text.</summary>
    public static Line? Read(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries) switch
    {
        ["VIEW", var at, var lost, var cpu, .. var members] => new View(
            Time(at), int.Parse(lost, Culture), TimeSpan.FromMilliseconds(int.Parse(cpu, Culture)), Members(members)),
        ["WROTE", var at, var begun] => new Wrote(Time(at), Time(begun)),
        _ => null,
    };

    private static DateTime Time(string ticks) => new(long.Parse(ticks, Culture), DateTimeKind.Utc);

    private static Dictionary<string, string> Members(string[] members) =>
        members.Select(member => member.Split('=')).ToDictionary(parts => parts[0], parts => parts[1]);
}

/// <summary>
/// The cluster as this silo sees it, how many compare-and-swaps it has lost so far, and its processor time.
/// </summary>
internal sealed record View(
    DateTime At, int Lost, TimeSpan Cpu, IReadOnlyDictionary<string, string> Members) : Line(At)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"VIEW {At.Ticks} {Lost} {Cpu.TotalMilliseconds:F0} {string.Join(' ', Members.Select(Text))}");

    private static string Text(KeyValuePair<string, string> member) => $"{member.Key}={member.Value}";
}

/// <summary>A compare-and-swap that won.</summary>
internal sealed record Wrote(DateTime At, DateTime Begun) : Line(At)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"WROTE {At.Ticks} {Begun.Ticks}");
}
