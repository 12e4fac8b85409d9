namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>A run broke a rule: which one, and what was seen.</summary>
internal sealed class SimulationFailedException(string rule, string what) : Exception($"{rule}: {what}")
{
    public string Rule => rule;

    /// <summary>Whether the cluster merely failed to settle, as against having lied.</summary>
    public bool IsLiveness => rule == "I8";
}
