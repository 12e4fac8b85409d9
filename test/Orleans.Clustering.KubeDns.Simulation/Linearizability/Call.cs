using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Linearizability;

/// <summary>The table as a caller sees it.</summary>
internal sealed record Seen(int Version, ImmutableSortedDictionary<SiloId, Row> Rows);

/// <summary>
/// One operation from its call to its return: a read of all rows, or a change of one. <c>Outcome</c>: whether the
/// change won; null: nobody was told, so that it may have taken effect at any time since, or may do so yet.
/// </summary>
internal sealed record Call(string Caller, long CalledAt, TableCommand? Change)
{
    public long ReturnedAt { get; init; } = long.MaxValue;

    public bool? Outcome { get; init; }

    public Seen? Read { get; init; }

    /// <summary>Whether its caller was told something, which must be true.</summary>
    public bool IsComplete => Outcome is not null || Read is not null;

    public override string ToString() => $"{Caller} [{CalledAt}, {ReturnedAt}] "
        + (Change is null ? $"read {Read?.Version}" : $"{Change} {Outcome?.ToString() ?? "unknown"}");
}
