using Demo;

namespace Chaos;

/// <summary>
/// Holds every sample against what must never be. A sample is of some moment between the question and the answer, so
/// only what holds for every such moment is called a fault. <c>processOf</c>: what runs in a pod now.
/// </summary>
internal sealed class Audit(Func<Pod, int?> processOf)
{
    private readonly Lock _gate = new();
    private readonly List<string> _faults = [];
    private readonly Dictionary<Pod, (int ProcessId, Guid Lineage, bool HasMajority)> _standings = [];
    private readonly Dictionary<Guid, (int Epoch, Pod Pod, TimeSpan Answered)> _quorate = [];
    private readonly Dictionary<string, (Pod Pod, int ProcessId)> _silos = [];
    private readonly Dictionary<string, Pod> _dead = [];
    private readonly Dictionary<(Guid, long), (string Content, Pod Pod)> _versions = [];
    private readonly Dictionary<(Guid, int), string> _rescuers = [];
    private int _claims;

    /// <summary>How often a silo was asked and said that it has a majority: nothing is proved by no question.</summary>
    public int Claims
    {
        get
        {
            lock (_gate) return _claims;
        }
    }

    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_gate) return [.. _faults.Distinct()];
        }
    }

    /// <summary>Those that somebody saw as Dead while their process still ran: it must end.</summary>
    public IReadOnlyList<(string Silo, Pod Pod)> DeadAndRunning
    {
        get
        {
            lock (_gate)
            {
                return [.. _dead.Where(dead => IsStillThere(dead.Key)).Select(dead => (dead.Key, dead.Value))];
            }
        }
    }

    /// <summary>How many were declared Dead while their process ran, whether or not it ended later.</summary>
    public int DeclaredWhileRunning { get; private set; }

    public void On(Sample sample)
    {
        if (sample.Told is not { HasLineage: true } told) return;
        lock (_gate)
        {
            _silos[told.Silo] = (sample.Pod, sample.ProcessId);
            RequireOneLineage(sample);
            if (told.HasMajority) RequireNewestEpoch(sample);
            if (told.ViewVersion >= 0) RequireOneContent(sample);
            foreach (var (silo, status) in told.View)
            {
                if (status == "Dead") NoteDead(silo, sample);
            }
        }
    }

    // Two lineages may meet; two that both have a majority may not.
    private void RequireOneLineage(Sample sample)
    {
        _standings[sample.Pod] = (sample.ProcessId, sample.Told!.Lineage, sample.Told.HasMajority);
        foreach (var (pod, (process, lineage, hasMajority)) in _standings)
        {
            if (lineage == sample.Told.Lineage || processOf(pod) != process) continue;
            if (hasMajority && sample.Told.HasMajority)
                _faults.Add($"two quorate lineages: {lineage:N} of {pod.Name}, {sample.Told.Lineage:N} of "
                    + $"{sample.Pod.Name}, at {sample.Answered.TotalSeconds:0.0} s");
        }
    }

    // Once a later epoch was quorate an earlier one must never be again.
    private void RequireNewestEpoch(Sample sample)
    {
        _claims++;
        var told = sample.Told!;
        var known = _quorate.TryGetValue(told.Lineage, out var newest);
        if (known && told.Epoch < newest.Epoch && sample.Asked > newest.Answered)
        {
            _faults.Add($"two quorate epochs: {told.Epoch} of {sample.Pod.Name}, asked at "
                + $"{sample.Asked.TotalSeconds:0.000} s, and {newest.Epoch} of {newest.Pod.Name}, which had told so "
                + $"at {newest.Answered.TotalSeconds:0.000} s");
        }

        if (!known || told.Epoch > newest.Epoch) _quorate[told.Lineage] = (told.Epoch, sample.Pod, sample.Answered);
        if (_rescuers.TryAdd((told.Lineage, told.Epoch), told.EpochBy)) return;
        if (_rescuers[(told.Lineage, told.Epoch)] is { } by && by != told.EpochBy)
            _faults.Add($"two quorate epochs: {told.Epoch} by {by}, and {told.Epoch} by {told.EpochBy}");
    }

    private void RequireOneContent(Sample sample)
    {
        var told = sample.Told!;
        var content = string.Join(' ', told.View.OrderBy(row => row.Key, StringComparer.Ordinal)
            .Select(row => $"{row.Key}={row.Value}"));
        var key = (told.Lineage, told.ViewVersion);
        if (!_versions.TryGetValue(key, out var first)) _versions[key] = (content, sample.Pod);
        else if (first.Content != content)
        {
            _faults.Add($"version {told.ViewVersion} has two contents: {first.Content} of {first.Pod.Name}, {content} "
                + $"of {sample.Pod.Name}");
        }
    }

    private void NoteDead(string silo, Sample by)
    {
        if (_dead.ContainsKey(silo)) return;
        _dead[silo] = by.Pod;
        if (IsStillThere(silo) && !_silos[silo].Pod.Ending) DeclaredWhileRunning++;
    }

    private bool IsStillThere(string silo) =>
        _silos.TryGetValue(silo, out var owner) && processOf(owner.Pod) == owner.ProcessId;
}
