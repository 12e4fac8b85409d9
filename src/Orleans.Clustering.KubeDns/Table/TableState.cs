using System.Collections.Immutable;

namespace Orleans.Clustering.KubeDns.Table;

/// <summary>What a check against the table says of a command.</summary>
internal enum Verdict : byte
{
    /// <summary>It would change the table: propose it.</summary>
    Commit,

    /// <summary>A compare-and-swap that lost, for good.</summary>
    Lost,

    /// <summary>It holds already and changes nothing.</summary>
    Nothing,

    /// <summary>The caller has seen a newer table than this one: catch up before judging.</summary>
    CallerIsAhead,
}

/// <summary>
/// The membership table: rows by silo, and a version. Immutable, and a deterministic function of the commands applied.
/// </summary>
internal sealed record TableState(int Version, ImmutableSortedDictionary<SiloId, Row> Rows)
{
    /// <summary>How much a rescue raises the version: above whatever silos may still tell each other.</summary>
    public const int RescueRaise = 1_000;

    public static readonly TableState Empty = new(0, ImmutableSortedDictionary<SiloId, Row>.Empty);

    /// <summary>The row of one incarnation, if it has one.</summary>
    public Row? RowOf(Nonce owner)
    {
        foreach (var (_, row) in Rows)
        {
            if (row.Owner?.Nonce == owner) return row;
        }

        return null;
    }

    /// <summary>The row that this incarnation wrote of itself, if it has one.</summary>
    public Row? RowOf(MemberId member) =>
        Rows.TryGetValue(member.Silo, out var row) && row.Owner == member ? row : null;

    /// <summary>Judges a command against this state, whose own tag is <paramref name="now"/>.</summary>
    public Verdict Check(TableCommand command, TableTag now) => command switch
    {
        InsertRow insert => Compare(insert.Expected, now) ??
            (Rows.ContainsKey(insert.Row.Silo) ? Verdict.Lost : Verdict.Commit),
        UpdateRow update => Compare(update.Expected, now) ?? CheckRow(update, now.Epoch),
        MarkEnded or Cleanup or DeleteAll => ChangesNothing(command) ? Verdict.Nothing : Verdict.Commit,
        _ => throw new ArgumentOutOfRangeException(nameof(command)),
    };

    /// <summary>
    /// Applies a command that <see cref="Check"/> let pass: the version rises by 1 if a row changes, else not at all.
    /// </summary>
    public TableState Apply(TableCommand command)
    {
        if (ChangesNothing(command)) return this;
        var next = checked(Version + 1);
        var rows = command switch
        {
            InsertRow insert => Rows.SetItem(insert.Row.Silo, insert.Row with { WrittenAt = next }),
            UpdateRow update => Rows.SetItem(update.Row.Silo, Written(update.Row, next)),
            MarkEnded ended => Rows.SetItem(RowOf(ended.Nonce)!.Silo,
                RowOf(ended.Nonce)! with { State = SiloState.Dead, WrittenAt = next }),
            Cleanup cleanup => Rows.RemoveRange(cleanup.Victims),
            DeleteAll => Rows.Clear(),
            _ => throw new ArgumentOutOfRangeException(nameof(command)),
        };
        return new TableState(next, rows);
    }

    /// <summary>The table of a rescued cluster: these silos' rows Dead, the version far above.</summary>
    public TableState Rescue(IEnumerable<MemberId> ended)
    {
        var next = checked(Version + RescueRaise);
        var dead = ended.Select(RowOf).OfType<Row>().Where(row => row.State != SiloState.Dead)
            .Select(row => KeyValuePair.Create(row.Silo, row with { State = SiloState.Dead, WrittenAt = next }));
        return new TableState(next, Rows.SetItems(dead));
    }

    /// <summary>
    /// Names the rows that a clean-up removes now; <paramref name="heartbeat"/> tells a silo's newest.
    /// </summary>
    public Cleanup Resolve(Cleanup cleanup, Func<SiloId, long> heartbeat)
    {
        var victims = Rows.Values
            .Where(row => row.State == SiloState.Dead || (cleanup.AlsoNotActive && row.State != SiloState.Active))
            .Where(row => row.LastSign(heartbeat(row.Silo)) < cleanup.BeforeTicks)
            .Select(row => row.Silo);
        return cleanup with { Victims = victims.ToSequence() };
    }

    private bool ChangesNothing(TableCommand command) => command switch
    {
        MarkEnded ended => RowOf(ended.Nonce) is null or { State: SiloState.Dead },
        Cleanup cleanup => cleanup.Victims.Count == 0,
        DeleteAll => Rows.IsEmpty,
        _ => false,
    };

    // A token of another lineage or an older epoch can never become true again; one of a newer epoch or version can.
    private static Verdict? Compare(TableTag? expected, TableTag now)
    {
        if (expected is not { } tag || tag.Lineage != now.Lineage) return Verdict.Lost;
        if (tag == now) return null;
        return (tag.Epoch, tag.Version).CompareTo((now.Epoch, now.Version)) > 0
            ? Verdict.CallerIsAhead
            : Verdict.Lost;
    }

    // Dead is final: a write that would bring a silo back loses, whatever its tokens.
    private Verdict CheckRow(UpdateRow update, Epoch epoch)
    {
        if (!Rows.TryGetValue(update.Row.Silo, out var row)) return Verdict.Lost;
        if (update.ExpectedRow != new RowTag(epoch, row.WrittenAt)) return Verdict.Lost;
        return row.State == SiloState.Dead && update.Row.State != SiloState.Dead ? Verdict.Lost : Verdict.Commit;
    }

    // A caller that is not the row's owner does not know the owner; the row keeps it.
    private Row Written(Row row, int version) =>
        row with { WrittenAt = version, Owner = row.Owner ?? Rows[row.Silo].Owner };
}
