using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>What the doctor saw, in the order in which a silo depends on it.</summary>
public sealed record KubeDnsDoctorReport(IReadOnlyList<KubeDnsFinding> Findings)
{
    private const int SubjectWidth = 18;

    /// <summary>Nothing is wrong. Warnings, and what could not be looked at, do not count.</summary>
    public bool IsHealthy => Count(KubeDnsVerdict.Wrong) == 0;

    /// <summary>The checklist, for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        foreach (var finding in Findings)
        {
            text.Append($"{Mark(finding.Verdict),-8}{finding.Subject,-SubjectWidth} {finding.Summary}\n");
            foreach (var line in finding.Details.Concat(Lines(finding.Explanation)))
            {
                text.Append(line.Length == 0 ? "\n" : $"            {line}\n");
            }
        }

        text.Append($"\nwrong: {Count(KubeDnsVerdict.Wrong)}, warnings: {Count(KubeDnsVerdict.Warning)}, ");
        return text.Append($"right: {Count(KubeDnsVerdict.Right)}, not looked at: {Count(KubeDnsVerdict.Skipped)}\n")
            .ToString();
    }

    /// <summary>The same, for programs.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, DoctorJson.Default.KubeDnsDoctorReport);

    private int Count(KubeDnsVerdict verdict) => Findings.Count(finding => finding.Verdict == verdict);

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.Split('\n');

    private static string Mark(KubeDnsVerdict verdict) => verdict switch
    {
        KubeDnsVerdict.Right => "ok",
        KubeDnsVerdict.Warning => "warning",
        KubeDnsVerdict.Wrong => "WRONG",
        _ => "-",
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(KubeDnsDoctorReport))]
internal sealed partial class DoctorJson : JsonSerializerContext;
