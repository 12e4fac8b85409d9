using System.Diagnostics;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>A fact that needs namespaces; skipped with what <c>pods.sh --probe</c> says where there are none.</summary>
internal sealed class PodsFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Reason = new(Probe);

    public PodsFactAttribute() => Skip = Reason.Value;

    private static string? Probe()
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo("bash", [Programs.PodsScript, "--probe"])
            {
                RedirectStandardError = true,
            })!;
            var said = probe.StandardError.ReadToEnd().Trim();
            probe.WaitForExit();
            return probe.ExitCode == 0 ? null : said;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return $"There is no bash: {missing.Message}";
        }
    }
}
