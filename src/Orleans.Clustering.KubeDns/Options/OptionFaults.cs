using System.Globalization;
using System.Net;
using Orleans.Runtime;

namespace Orleans.Configuration;

/// <summary>
/// Collects what is wrong with a set of options, so that one start tells everything and not one fault a time.
/// </summary>
internal sealed class OptionFaults(string options)
{
    private const int MostNameServers = 8;
    private const int LongestPath = 4096;
    private const int LongestPrinted = 300;

    private readonly List<string> _faults = [];

    /// <summary>As much of a value as a fault prints.</summary>
    public static string? Short(string? value) =>
        value is { Length: > LongestPrinted } ? $"{value[..LongestPrinted]}…" : value;

    public void Require(bool holds, string fault)
    {
        if (!holds) _faults.Add(fault);
    }

    public void AddRange(IEnumerable<string> faults) => _faults.AddRange(faults);

    public void Between(string option, int value, int least, int most) => Require(
        value >= least && value <= most,
        Text($"{option} is {value}: set it within {least}–{most}."));

    public void Between(string option, TimeSpan value, TimeSpan least, TimeSpan most) => Require(
        value >= least && value <= most,
        Text($"{option} is {Seconds(value)}: set it within {Seconds(least)}–{Seconds(most)}{DaysHint(value)}."));

    public void Longer(string option, TimeSpan value, string other, TimeSpan than) => Require(
        value > than,
        Text($"{option} ({Seconds(value)}) is not above {other} ({Seconds(than)}): raise it, or lower {other}."));

    public void Defined<T>(string option, T value)
        where T : struct, Enum => Require(
            Enum.IsDefined(value),
            Text($"{option} is {value}: set one of {string.Join(", ", Enum.GetNames<T>())}."));

    public void Service(string option, string? value, string example)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            _faults.Add($"{option} is not set: set it to the name of the headless service, such as '{example}' " +
                $"(or Orleans__Clustering__{option} in the environment).");
            return;
        }

        DnsName(option, value);
    }

    public void DnsName(string option, string? value) => Require(
        value is null || IsDnsName(value),
        $"{option} is '{Short(value)}', which is no DNS name: use letters, digits and hyphens, joined by dots.");

    public void ServicePort(string option, string? value) => Require(
        IsServicePort(value),
        $"{option} is '{Short(value)}': set the name (not the number) of the service's port, 1–15 lower-case " +
        "letters, digits and hyphens.");

    // Never prints the path: it may be a secret that was put where its file belongs.
    public void Path(string option, string? value)
    {
        Require(!string.IsNullOrWhiteSpace(value), $"{option} is empty: set a path, or leave its default.");
        Require(value is not { Length: > LongestPath },
            Text($"{option} is longer than {LongestPath} characters: set a path that the system can open."));
    }

    public void NameServers(string option, IList<string>? values)
    {
        if (values is null)
        {
            _faults.Add($"{option} is null: leave it empty to ask those of resolv.conf.");
            return;
        }

        Require(values.Count <= MostNameServers,
            Text($"{option} has {values.Count} entries: list at most {MostNameServers}."));
        foreach (var value in values)
        {
            Require(IsNameServer(value),
                $"{option} holds '{Short(value)}': list IP addresses, with or without a port, such as 10.96.0.10:53.");
        }
    }

    /// <summary>Throws all faults in one exception.</summary>
    public void ThrowIfAny()
    {
        if (_faults.Count == 0) return;
        throw new OrleansConfigurationException(
            $"{options}: {string.Join(" ", _faults.Select((fault, i) => Text($"({i + 1}) {fault}")))}");
    }

    private static bool IsDnsName(string name)
    {
        var trimmed = name.EndsWith('.') ? name[..^1] : name;
        return trimmed.Length is > 0 and <= 253 && trimmed.Split('.').All(IsLabel);
    }

    private static bool IsLabel(string label) => label.Length is > 0 and <= 63
        && label[0] != '-' && label[^1] != '-'
        && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool IsServicePort(string? name) => name is { Length: > 0 and <= 15 }
        && IsLabel(name) && name.Any(char.IsAsciiLetterLower) && !name.Any(char.IsAsciiLetterUpper);

    // A bare number parses as an address too, 53 as 0.0.0.53.
    private static bool IsNameServer(string? text) =>
        text is not null && (text.Contains(':') || text.Count(c => c == '.') == 3) && IPEndPoint.TryParse(text, out _);

    // The base library reads "5" as five days, which nobody means here.
    private static string DaysHint(TimeSpan value) =>
        value >= TimeSpan.FromDays(1) && value.Ticks % TimeSpan.TicksPerDay == 0
            ? Text($" (a bare number counts days: write {TimeSpan.FromSeconds(value.Days):c})")
            : "";

    private static string Seconds(TimeSpan span) => Text($"{span.TotalSeconds:0.###} s");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
