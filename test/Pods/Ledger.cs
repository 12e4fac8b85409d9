using Chaos;
using Demo;
using Formation;

namespace Pods;

/// <summary>
/// Holds what every silo says of the table against all that any of them said before, within one lineage and epoch: a
/// version never goes back for the same process; from one version to a later one no more rows differ than there were
/// commits; a row that was there stays, and the dead stay dead, or are cleaned up: Orleans keeps the newest 25 of them.
/// And who lived and had met no fault must not be Dead; for others that are, the logs must have a reason.
/// <c>began</c>: when the clock of the samples did.
/// </summary>
internal sealed class Ledger(Func<Pod, int?> processOf, DateTime began = default)
{
    private readonly Lock _gate = new();
    private readonly List<string> _faults = [];
    private readonly Dictionary<Pod, Sample> _pending = [];
    private readonly Dictionary<(Guid, int), SortedList<long, IReadOnlyDictionary<string, string>>> _tables = [];
    private readonly Dictionary<(int, Guid, int), (long View, int Table)> _newest = [];
    private readonly Dictionary<string, (Pod Pod, int ProcessId, string Member)> _silos = [];
    private readonly Dictionary<string, Evicted> _evicted = [];
    private readonly HashSet<int> _excused = [];
    private readonly Dictionary<(Guid, string), (int Epoch, long Version)> _dead = [];

    /// <summary>How many versions of tables were held against each other: nothing is proved by none.</summary>
    public int Versions
    {
        get
        {
            lock (_gate) return _tables.Values.Sum(table => table.Count);
        }
    }

    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_gate) return [.. _faults.Distinct()];
        }
    }

    /// <summary>Those that had met a fault and were seen as Dead while their processes ran.</summary>
    public IReadOnlyList<Evicted> Evicted
    {
        get
        {
            lock (_gate) return [.. _evicted.Values];
        }
    }

    /// <summary>A fault concerns this pod: what runs in it now may be evicted, by Orleans or a rule.</summary>
    public void Excuse(Pod pod)
    {
        lock (_gate)
        {
            if (processOf(pod) is { } process) _excused.Add(process);
        }
    }

    public void On(Sample sample)
    {
        lock (_gate)
        {
            if (sample.Told is not { HasLineage: true } told) return;
            _silos[told.Silo] = (sample.Pod, sample.ProcessId, told.Member);
            // Epoch and table are asked for one after the other: they belong together if the next answer has the epoch.
            if (_pending.TryGetValue(sample.Pod, out var pending) && pending.ProcessId == sample.ProcessId
                && pending.Told!.Lineage == told.Lineage && pending.Told.Epoch == told.Epoch)
            {
                Admit(pending, pending.Told);
            }

            _pending[sample.Pod] = sample;
        }
    }

    private void Admit(Sample sample, Told told)
    {
        RequireForward(sample, told);
        if (told.ViewVersion < 0) return;
        var table = Table(told);
        if (!table.TryAdd(told.ViewVersion, told.View)) return;
        var at = table.IndexOfKey(told.ViewVersion);
        if (at > 0) RequireSteps(sample.Pod, at - 1, table);
        if (at < table.Count - 1) RequireSteps(sample.Pod, at, table);
        foreach (var (silo, status) in told.View) RequireStaysDead(told, silo, status);
        foreach (var (silo, status) in told.View.Where(row => row.Value == "Dead")) RequireReason(silo, sample);
    }

    private SortedList<long, IReadOnlyDictionary<string, string>> Table(Told told)
    {
        var key = (told.Lineage, told.Epoch);
        return _tables.TryGetValue(key, out var table) ? table : _tables[key] = [];
    }

    private void RequireForward(Sample sample, Told told)
    {
        var key = (sample.ProcessId, told.Lineage, told.Epoch);
        if (_newest.TryGetValue(key, out var newest)
            && (told.TableVersion < newest.Table || (told.ViewVersion >= 0 && told.ViewVersion < newest.View)))
        {
            _faults.Add($"{sample.Pod.Name} goes back from version {newest.Table} ({newest.View} in its view) to "
                + $"{told.TableVersion} ({told.ViewVersion})");
        }

        _newest[key] = (Math.Max(newest.View, told.ViewVersion), Math.Max(newest.Table, told.TableVersion));
    }

    private void RequireSteps(Pod by, int index, SortedList<long, IReadOnlyDictionary<string, string>> table)
    {
        var (from, to) = (table.Keys[index], table.Keys[index + 1]);
        var (before, after) = (table.Values[index], table.Values[index + 1]);
        var changes = before.Keys.Union(after.Keys).Where(silo => !IsCleanedUp(silo, before, after))
            .Count(silo => before.GetValueOrDefault(silo) != after.GetValueOrDefault(silo));
        if (changes > to - from)
            _faults.Add($"{changes} rows differ between versions {from} and {to}, as {by.Name} shows");
        foreach (var (silo, status) in before)
        {
            var now = after.GetValueOrDefault(silo);
            if (IsCleanedUp(silo, before, after)) continue;
            if (now is null) _faults.Add($"{silo} of version {from} is lost in version {to}, as {by.Name} shows");
            else if (status == "Dead" && now != "Dead") _faults.Add($"{silo} was Dead in {from} and is {now} in {to}");
        }
    }

    private static bool IsCleanedUp(
        string silo, IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after) =>
        before.GetValueOrDefault(silo) == "Dead" && !after.ContainsKey(silo);

    // Also where its row was gone in between.
    private void RequireStaysDead(Told told, string silo, string status)
    {
        var (key, now) = ((told.Lineage, silo), (told.Epoch, told.ViewVersion));
        if (status == "Dead")
        {
            if (!_dead.TryGetValue(key, out var first) || now.CompareTo(first) < 0) _dead[key] = now;
        }
        else if (_dead.TryGetValue(key, out var died) && now.CompareTo(died) > 0)
        {
            _faults.Add($"{silo} was Dead in {died.Version} and is {status} in {told.ViewVersion}");
        }
    }

    private void RequireReason(string silo, Sample by)
    {
        if (!_silos.TryGetValue(silo, out var owner) || processOf(owner.Pod) != owner.ProcessId) return;
        if (owner.Pod.Ending || _evicted.ContainsKey(silo)) return;
        if (!_excused.Contains(owner.ProcessId))
            _faults.Add($"{by.Pod.Name} sees {silo} of {owner.Pod.Name} as Dead, which runs and met no fault");
        else _evicted[silo] = new Evicted(silo, owner.Member, by.Pod.Name, began + by.Answered);
    }
}
