using System.Globalization;
using System.Text.RegularExpressions;

namespace Pods;

/// <summary>A silo that was seen as Dead while its process ran; <c>SeenAt</c> in UTC, as in the logs.</summary>
internal sealed record Evicted(string Silo, string Member, string By, DateTime SeenAt);

/// <summary>
/// Nobody is evicted for nothing: before the row was seen Dead a log must have named the silo, as ended by a rule of
/// the protocol, as evidence of a rescue, or as evicted by the votes of Orleans. Afterwards proves nothing: who finds
/// himself Dead ends, and is then ended by a rule, too.
/// </summary>
internal static partial class Evictions
{
    private const int TimeLength = 12;

    /// <summary>What is wrong; <paramref name="lines"/> are those of all logs, in any order.</summary>
    public static IReadOnlyList<string> Unexplained(IReadOnlyList<Evicted> evicted, IEnumerable<string> lines)
    {
        if (evicted.Count == 0) return [];
        var reasons = lines.SelectMany(Reasons).ToLookup(reason => reason.Name, reason => reason.At);
        return
        [
            .. evicted.Where(each => !reasons[each.Member].Concat(reasons[NameInOrleans(each.Silo)])
                    .Any(at => IsBefore(at, each.SeenAt.TimeOfDay)))
                .Select(each => $"{each.By} sees {each.Silo} ({each.Member}) as Dead, which runs, and no log says why"),
        ];
    }

    private static IEnumerable<(string Name, TimeSpan At)> Reasons(string line)
    {
        if (line.Length < TimeLength || !TimeSpan.TryParseExact(
            line[..TimeLength], @"hh\:mm\:ss\.fff", CultureInfo.InvariantCulture, out var at)) return [];
        var match = ByRule().Match(line) is { Success: true } rule ? rule
            : ByVotes().Match(line) is { Success: true } votes ? votes
            : ByRescue().Match(line);
        return match.Groups["name"].Captures.Select(name => (name.Value, at));
    }

    // 10.0.0.1:11111@7 is S10.0.0.1:11111:7 there.
    private static string NameInOrleans(string silo) => $"S{silo.Replace('@', ':')}";

    // The logs tell the time of the day alone.
    private static bool IsBefore(TimeSpan at, TimeSpan seen) =>
        TimeSpan.FromTicks((seen - at + TimeSpan.FromDays(1)).Ticks % TimeSpan.TicksPerDay) < TimeSpan.FromHours(12);

    [GeneratedRegex(@" MemberEnded: (?<name>\S+) at \S+ by rule ")]
    private static partial Regex ByRule();

    [GeneratedRegex(@" Evicting '(?<name>\S+)'\. ")]
    private static partial Regex ByVotes();

    [GeneratedRegex(@" RescueBegun: epoch \S+ with \[[^\]]*\](, (?<name>\S+) \w+)+")]
    private static partial Regex ByRescue();
}
