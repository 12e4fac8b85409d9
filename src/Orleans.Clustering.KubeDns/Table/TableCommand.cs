namespace Orleans.Clustering.KubeDns.Table;

/// <summary>By which rule of the protocol (§ 7) an incarnation counts as ended.</summary>
internal enum EndRule : byte
{
    /// <summary>(a) Its address, or its name, is another incarnation's now.</summary>
    Superseded = 1,

    /// <summary>(b) Nothing listens at its address any more, as two witnesses saw.</summary>
    Refused = 2,

    /// <summary>(c) It is silent, and Kubernetes has removed its pod.</summary>
    Removed = 3,

    /// <summary>(d) It is silent, and Kubernetes holds its pod for not ready. For a rescue only.</summary>
    NotReady = 4,
}

/// <summary>A change of the table. Each that changes a row raises the version by exactly one.</summary>
internal abstract record TableCommand;

/// <summary>Adds a row, if the table is still at <paramref name="Expected"/> and has none for that silo.</summary>
internal sealed record InsertRow(Row Row, TableTag? Expected) : TableCommand;

/// <summary>Replaces a row, if both table and row are still as the caller read them.</summary>
internal sealed record UpdateRow(Row Row, RowTag? ExpectedRow, TableTag? Expected) : TableCommand;

/// <summary>Writes an ended incarnation's row Dead.</summary>
internal sealed record MarkEnded(Nonce Nonce, EndRule Rule) : TableCommand;

/// <summary>
/// Removes rows whose last sign of life is older than <paramref name="BeforeTicks"/>: Dead ones, or (older Orleans)
/// all that are not Active. Heartbeats are not part of the log, so whoever checks the command names its
/// <paramref name="Victims"/>; applying it removes just those.
/// </summary>
internal sealed record Cleanup(long BeforeTicks, bool AlsoNotActive, Sequence<SiloId> Victims) : TableCommand;

/// <summary>Removes every row.</summary>
internal sealed record DeleteAll : TableCommand;
