using Orleans.Clustering.KubeDns.Discovery;

namespace Orleans.Clustering.KubeDns.Doctor;

/// <summary>The findings so far. The texts of the diagnoses are Discovery's; here they get their places.</summary>
internal sealed class Checklist
{
    private readonly List<KubeDnsFinding> _findings = [];

    public KubeDnsDoctorReport Report => new([.. _findings]);

    public bool Has(string code) => _findings.Any(finding => finding.Code == code);

    public void Right(string subject, string summary, params IEnumerable<string> details) =>
        Add(subject, KubeDnsVerdict.Right, summary, details);

    public void Warn(string subject, string summary, params IEnumerable<string> details) =>
        Add(subject, KubeDnsVerdict.Warning, summary, details);

    public void Wrong(string subject, string summary, params IEnumerable<string> details) =>
        Add(subject, KubeDnsVerdict.Wrong, summary, details);

    public void Skip(string subject, string why) => Add(subject, KubeDnsVerdict.Skipped, why, []);

    public void Diagnose(string subject, KdnsError error, KubeDnsVerdict verdict = KubeDnsVerdict.Wrong) =>
        Diagnose(subject, error.Message, verdict);

    /// <summary>A whole text as a silo tells it: the code, a colon and the summary, then the explanation.</summary>
    public void Diagnose(string subject, string text, KubeDnsVerdict verdict = KubeDnsVerdict.Wrong)
    {
        var lines = text.Split('\n', 2);
        _findings.Add(new KubeDnsFinding(subject, verdict, lines[0])
        {
            Code = text.Split(':')[0],
            Explanation = lines.Length > 1 ? lines[1] : "",
        });
    }

    private void Add(string subject, KubeDnsVerdict verdict, string summary, IEnumerable<string> details) =>
        _findings.Add(new KubeDnsFinding(subject, verdict, summary) { Details = [.. details] });
}
