namespace Pods.Writes;

/// <summary>
/// The tables of one epoch of a lineage, and what they must show: each win from its version on, and from the beginning
/// all that anybody had been told before who lives on in this epoch.
/// </summary>
internal sealed class History(Func<string, bool> wasDead)
{
    /// <summary>What a rescue adds to the version, at the least (protocol § 7).</summary>
    public const int Raise = 1_000;

    private readonly SortedList<int, SeenTable> _tables = [];
    private readonly Dictionary<string, SortedList<int, Attempt>> _wins = [];
    private readonly Dictionary<string, int> _marks = [];
    private int _least;

    public int Tables => _tables.Count;

    public int Newest => _tables.Count == 0 ? -1 : _tables.Keys[^1];

    /// <summary>The first table that is known of it.</summary>
    public SeenTable? First => _tables.Count == 0 ? null : _tables.Values[0];

    /// <summary>Notes a table and tells what is wrong with it.</summary>
    public IReadOnlyList<string> Admit(SeenTable table)
    {
        if (_tables.TryGetValue(table.At.Version, out var other))
            return table.IsSameAs(other) ? [] : [$"{table.At} has two contents, told {other.To} and {table.To}"];
        _tables.Add(table.At.Version, table);
        return [.. Heirless(table), .. _wins.Values.SelectMany(wins => Forgotten(table, wins)), .. Twins(table)];
    }

    /// <summary>Notes a win and tells what the tables that are known already have against it.</summary>
    public IReadOnlyList<string> Win(Attempt attempt)
    {
        if (!_wins.TryGetValue(attempt.Silo, out var wins)) _wins[attempt.Silo] = wins = [];
        if (!wins.TryAdd(attempt.Asked.Version, attempt)) return [];
        return [.. Since(attempt.Asked.Version).SelectMany(table => Forgotten(table, wins)).Take(1)];
    }

    /// <summary>
    /// One that was told this in an earlier epoch was told something in this one: so it took part in the rescue, and
    /// nothing that it had seen may be missing here (protocol § 7, invariant 6).
    /// </summary>
    public IReadOnlyList<string> Inherit(string heir, Place at, IReadOnlyDictionary<string, int> marks)
    {
        _least = Math.Max(_least, at.Version + Raise);
        foreach (var (silo, mark) in marks) _marks[silo] = Math.Max(mark, _marks.GetValueOrDefault(silo));
        return [.. _tables.Values.SelectMany(Heirless).Take(1).Select(fault => $"{fault}, as {heir} had been told")];
    }

    // From the newest on back.
    private IEnumerable<SeenTable> Since(int version)
    {
        for (var at = _tables.Count - 1; at >= 0 && _tables.Keys[at] >= version; at--) yield return _tables.Values[at];
    }

    private IEnumerable<string> Heirless(SeenTable table)
    {
        if (table.At.Version < _least)
            yield return $"{table.At} is below {_least}, where the epoch must begin";
        foreach (var (silo, mark) in _marks.Where(each => IsMissing(table, each.Key, each.Value)))
            yield return $"the rescue lost mark {mark} of {silo}: {table.At} has {table.MarkOf(silo)}";
    }

    // The newest win that the table must show; those before it were written over by it.
    private IEnumerable<string> Forgotten(SeenTable table, SortedList<int, Attempt> wins)
    {
        var due = wins.Values.LastOrDefault(win => win.Asked.Version <= table.At.Version);
        if (due is not null && IsMissing(table, due.Silo, due.Mark))
            yield return $"{due} was told won and is lost: {table.At} has mark {table.MarkOf(due.Silo)}";
    }

    // A row may be cleaned up only after it was Dead.
    private bool IsMissing(SeenTable table, string silo, int mark) => table.Rows.TryGetValue(silo, out var row)
        ? row.Mark < mark
        : mark > 0 && !wasDead(silo);

    // Only a rescue writes several rows at once, and those Dead.
    private static IEnumerable<string> Twins(SeenTable table) => table.Rows.GroupBy(row => row.Value.WrittenAt)
        .Where(rows => rows.Count() > 1 && !rows.All(row => row.Value.IsDead))
        .Select(rows => $"one version, {rows.Key}, wrote rows of {string.Join(' ', rows.Select(row => row.Key))}");
}
