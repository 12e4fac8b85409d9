namespace Pods.Writes;

/// <summary>
/// Holds what silos were told of the compare-and-swaps that they were asked for against each other, and against every
/// table that any of them was told. Within a lineage:
/// <list type="bullet">
/// <item>no two wins for one version of one epoch, and no version that wrote two rows;</item>
/// <item>what won is in every table of its epoch from its version on, and in every table of a later epoch in which
/// anybody takes part who had been told of it, by the win or by a table: a rescue may lose only what none of those had
/// seen who take part in it (protocol § 7, invariant 6);</item>
/// <item>what was told lost is in no table, and there is another version in its place by the next time anybody
/// reads;</item>
/// <item>nothing is in a table before it was asked for, and nothing is written twice;</item>
/// <item>who reads sees no older table than had been told, to whomever, before it asked (invariant 2).</item>
/// </list>
/// What had an error or a time-out for an answer may be in the tables or not, once.
/// </summary>
internal sealed class Attempts
{
    /// <summary>What went wrong once may show in every table from then on.</summary>
    private const int Enough = 100;

    private readonly Lock _gate = new();
    private readonly HashSet<string> _faults = [];
    private readonly List<Attempt> _asked = [];
    private readonly Dictionary<Place, Attempt> _won = [];
    private readonly Dictionary<(Guid, int, string), History> _histories = [];
    private readonly Dictionary<string, (Place At, Dictionary<string, int> Marks)> _knows = [];
    private readonly Dictionary<Guid, Horizon> _horizons = [];
    private readonly HashSet<(Guid, string)> _dead = [];
    private readonly Dictionary<string, SeenRow> _rows = [];

    /// <summary>How many were told won so far.</summary>
    public int Won
    {
        get
        {
            lock (_gate) return _won.Count;
        }
    }

    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_gate) return [.. _faults];
        }
    }

    /// <summary>Takes note of an order that is about to be given to the silo that was told this table.</summary>
    public Attempt Ask(SeenTable read)
    {
        lock (_gate)
        {
            var attempt = new Attempt(_asked.Count + 1, read.To, read.At.Next);
            _asked.Add(attempt);
            return attempt;
        }
    }

    /// <summary>What a silo was told when it read, at some moment between these two.</summary>
    public void Read(SeenTable table, TimeSpan asked, TimeSpan answered)
    {
        lock (_gate)
        {
            var known = Share(table);
            foreach (var (silo, row) in known.Rows.Where(row => row.Value.IsDead)) _dead.Add((table.At.Lineage, silo));
            Blame(HistoryOf(table.At).Admit(known));
            foreach (var (silo, row) in known.Rows) RequireAsked(known, silo, row);
            if (HorizonOf(table.At).Before(asked) is { } before && table.At.IsBefore(before))
                Blame($"{table.To} read {table.At} after {before} had been told");
            HorizonOf(table.At).Add(table.At, answered);
            Learn(table.To, table.At, known.Rows.ToDictionary(row => row.Key, row => row.Value.Mark));
        }
    }

    /// <summary>What became of an order.</summary>
    public void Told(Attempt attempt, Outcome outcome, TimeSpan answered)
    {
        lock (_gate)
        {
            attempt.Told = outcome;
            if (outcome == Outcome.Unknown) return;
            // Who lost did so because the table was another by then.
            HorizonOf(attempt.Asked).Add(attempt.Asked, answered);
            if (outcome == Outcome.Lost && attempt.IsSeen) Blame($"{attempt} was told lost and is in a table");
            if (outcome == Outcome.Won) Win(attempt);
        }
    }

    /// <summary>The last word, after all silos have read once more.</summary>
    public Sums Conclude()
    {
        lock (_gate)
        {
            var won = _asked.Where(attempt => attempt.Told == Outcome.Won).ToList();
            foreach (var attempt in won.Where(attempt => !WasHeld(attempt)))
                Blame($"{attempt} was told won, and no table at or above was seen");
            return new Sums(
                _asked.Count, won.Count, _asked.Count(attempt => attempt.Told == Outcome.Lost),
                _asked.Count(attempt => attempt.Told == Outcome.Unknown),
                _asked.Count(attempt => attempt is { Told: Outcome.Unknown, IsSeen: true }),
                won.Count(IsGone), _histories.Values.Sum(history => history.Tables));
        }
    }

    private void Blame(params IEnumerable<string> faults)
    {
        if (_faults.Count < Enough) _faults.UnionWith(faults);
    }

    private void Win(Attempt attempt)
    {
        if (!_won.TryAdd(attempt.Asked, attempt)) Blame($"two won: {_won[attempt.Asked]} and {attempt}");
        Blame(HistoryOf(attempt.Asked).Win(attempt));
        var marks = _knows.TryGetValue(attempt.Silo, out var known) ? new Dictionary<string, int>(known.Marks) : [];
        marks[attempt.Silo] = attempt.Mark;
        Learn(attempt.Silo, attempt.Asked, marks);
    }

    private void Learn(string silo, Place at, Dictionary<string, int> marks)
    {
        if (_knows.TryGetValue(silo, out var known) && known.At.Lineage == at.Lineage && known.At.Epoch < at.Epoch)
            Blame(HistoryOf(at).Inherit(silo, known.At, known.Marks));
        _knows[silo] = (at, marks);
    }

    private void RequireAsked(SeenTable table, string silo, SeenRow row)
    {
        if (row.Mark == 0) return;
        var attempt = row.Mark <= _asked.Count ? _asked[row.Mark - 1] : null;
        if (attempt is null || attempt.Silo != silo || attempt.Asked.Lineage != table.At.Lineage)
        {
            Blame($"mark {row.Mark} of {silo} was asked for by nobody");
            return;
        }

        if (table.At.IsBefore(attempt.Asked) || row.WrittenAt < attempt.Asked.Version)
            Blame($"{attempt} is in {table.At}, written at {row.WrittenAt}");
        if (!attempt.See(row)) Blame($"{attempt} was written twice, again at {row.WrittenAt}");
        if (attempt.Told == Outcome.Lost) Blame($"{attempt} was told lost and is in a table");
    }

    // Some table at or above it was seen: it was held against it then.
    private bool WasHeld(Attempt attempt) =>
        HistoryOf(attempt.Asked).Newest >= attempt.Asked.Version || Later(attempt).Any();

    // Lost with all who had seen it.
    private bool IsGone(Attempt attempt) => Later(attempt).Any(later => later.First!.MarkOf(attempt.Silo) < attempt.Mark
        && (later.First.Rows.ContainsKey(attempt.Silo) || !_dead.Contains((attempt.Asked.Lineage, attempt.Silo))));

    private IEnumerable<History> Later(Attempt attempt) => _histories.Where(history =>
            history.Key.Item1 == attempt.Asked.Lineage && history.Key.Item2 > attempt.Asked.Epoch)
        .Select(history => history.Value).Where(history => history.First is not null);

    private History HistoryOf(Place at)
    {
        var key = (at.Lineage, at.Epoch, at.By);
        return _histories.TryGetValue(key, out var history)
            ? history
            : _histories[key] = new History(silo => _dead.Contains((at.Lineage, silo)));
    }

    private Horizon HorizonOf(Place at) => _horizons.TryGetValue(at.Lineage, out var horizon)
        ? horizon
        : _horizons[at.Lineage] = new Horizon();

    // Most rows stay what they are: an hour has tens of thousands of tables.
    private SeenTable Share(SeenTable table)
    {
        var rows = new Dictionary<string, SeenRow>();
        foreach (var (silo, row) in table.Rows)
        {
            rows[silo] = _rows.TryGetValue(silo, out var known) && known == row ? known : _rows[silo] = row;
        }

        return table with { Rows = rows };
    }
}
