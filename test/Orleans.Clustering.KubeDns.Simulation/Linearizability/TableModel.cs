using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Linearizability;

/// <summary>
/// The sequential table that the cluster pretends to be: rows, and a version that each change raises by one. Written
/// from what Orleans asks for, not from the product's table, so that a mistake is not made twice.
/// </summary>
internal sealed record TableModel(int Version, ImmutableSortedDictionary<SiloId, Row> Rows)
{
    public UInt128 Digest { get; } = Scopes.Digest.Mix((UInt128)Version, Scopes.Digest.Of(Rows));

    /// <summary>The table after that call took effect just now; null: it cannot have, as its caller was told.</summary>
    public TableModel? After(Call call)
    {
        if (call.Change is null) return IsAsRead(call.Read!) ? this : null;
        var changed = Change(call.Change);
        return call.Outcome switch
        {
            true or null => changed,
            false => changed is null ? this : null,
        };
    }

    private bool IsAsRead(Seen read) => read.Version == Version && read.Rows.SequenceEqual(Rows);

    private TableModel? Change(TableCommand change) => change switch
    {
        InsertRow insert => insert.Expected?.Version == Version && !Rows.ContainsKey(insert.Row.Silo)
            ? With(insert.Row) : null,
        UpdateRow update => update.Expected?.Version == Version && IsCurrent(update) ? With(Kept(update.Row)) : null,
        MarkEnded ended => Rows.Values.FirstOrDefault(row => row.Owner?.Nonce == ended.Nonce) is { } row
            && row.State != SiloState.Dead ? With(row with { State = SiloState.Dead }) : null,
        _ => throw new ArgumentOutOfRangeException(nameof(change)),
    };

    private bool IsCurrent(UpdateRow update) =>
        Rows.TryGetValue(update.Row.Silo, out var row)
        && row.WrittenAt == update.ExpectedRow?.Version
        && (row.State != SiloState.Dead || update.Row.State == SiloState.Dead);

    private Row Kept(Row row) => row with { Owner = row.Owner ?? Rows[row.Silo].Owner };

    private TableModel With(Row row) =>
        new(Version + 1, Rows.SetItem(row.Silo, row with { WrittenAt = Version + 1 }));
}
