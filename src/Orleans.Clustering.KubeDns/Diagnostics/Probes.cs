using Orleans.Clustering.KubeDns.Node;
using Orleans.Runtime;

namespace Orleans.Clustering.KubeDns.Diagnostics;

/// <summary>A probe's answer: fit or not, and the one line that says why.</summary>
internal readonly record struct ProbeResult(bool IsFit, string Line);

/// <summary>
/// What Kubernetes' probes are told. Liveness never depends on DNS, quorum or peers, and readiness never on quorum:
/// restarting or cutting off silos for what a restart cannot mend would only make it worse.
/// </summary>
internal static class Probes
{
    /// <summary>How long the node's loop may be silent before this process counts as stuck.</summary>
    public static readonly TimeSpan LoopLimit = TimeSpan.FromSeconds(60);

    /// <summary>Whether this silo has joined or founded a cluster.</summary>
    public static ProbeResult Started(NodeStatus status) => status.Phase switch
    {
        NodePhase.Joined or NodePhase.Stopping => new(true, "started"),
        NodePhase.NotStarted => new(false, "not started"),
        NodePhase.Founding => new(false, Line(status.WaitingFor, [status.Diagnosis, .. status.Complaints])),
        _ => new(false, Line("ended", [status.Diagnosis])),
    };

    /// <summary>Whether this process can still do anything by itself.</summary>
    public static ProbeResult Live(NodeStatus status) => status.Phase switch
    {
        NodePhase.NotStarted => new(true, "live: not started"),
        NodePhase.Failed or NodePhase.Stopped => new(false, Line("the discovery listener is gone", [status.Diagnosis])),
        _ when status.LoopAge > LoopLimit => new(false, $"the loop has not run for {status.LoopAge.TotalSeconds:0} s"),
        _ => new(true, "live"),
    };

    /// <summary>Whether clients and grains should be sent here.</summary>
    public static ProbeResult Ready(SiloStatus silo, bool stopping) => (silo, stopping) switch
    {
        (_, true) => new(false, "stopping"),
        (SiloStatus.Active, _) => new(true, "active"),
        (< SiloStatus.Active, _) => new(false, $"the silo is {silo}, not yet Active"),
        _ => new(false, $"the silo is {silo}, not Active"),
    };

    // One line, as kubectl shows it: of a diagnosis the summary, which /statusz and the log have in full.
    private static string Line(string what, IEnumerable<string> diagnoses) =>
        string.Join("; ", diagnoses.Where(text => text.Length > 0).Select(text => text.Split('\n')[0]).Prepend(what));
}
