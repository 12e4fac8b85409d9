using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>The table's values on the wire.</summary>
internal static class TableShapes
{
    public static readonly Shape<PeerAddress> AddressShape = new(
        (w, v) => w.Text(1, v.Host).Long(2, v.Port),
        (ref r) => new PeerAddress(r.Text(1), r.Int(2)));

    public static readonly Shape<SiloId> SiloShape = new(
        (w, v) => w.Text(1, v.Host).Long(2, v.Port).Long(3, v.Generation),
        (ref r) => new SiloId(r.Text(1), r.Int(2), r.Int(3)));

    public static readonly Shape<MemberId> MemberShape = new(
        (w, v) => w.Text(1, v.Fqdn).Object(2, AddressShape, v.Address).Object(3, SiloShape, v.Silo).Nonce(4, v.Nonce)
            .Bool(5, v.IsNamedByDns),
        (ref r) => new MemberId(r.Text(1), r.Object(2, AddressShape), r.Object(3, SiloShape), r.Nonce(4))
        {
            IsNamedByDns = r.Bool(5),
        });

    public static readonly Shape<Epoch> EpochShape = new(
        (w, v) => w.Long(1, v.Number).Nonce(2, v.By),
        (ref r) => new Epoch(r.Int(1), r.Nonce(2)));

    public static readonly Shape<Nonce> NonceShape = new((w, v) => w.Nonce(1, v), (ref r) => r.Nonce(1));

    public static readonly Shape<TableTag> TableTagShape = new(
        (w, v) => w.Guid(1, v.Lineage).Object(2, EpochShape, v.Epoch).Long(3, v.Version),
        (ref r) => new TableTag(r.Guid(1), r.Object(2, EpochShape), r.Int(3)));

    public static readonly Shape<RowTag> RowTagShape = new(
        (w, v) => w.Object(1, EpochShape, v.Epoch).Long(2, v.Version),
        (ref r) => new RowTag(r.Object(1, EpochShape), r.Int(2)));

    public static readonly Shape<Suspicion> SuspicionShape = new(
        (w, v) => w.Object(1, SiloShape, v.By).Long(2, v.Ticks),
        (ref r) => new Suspicion(r.Object(1, SiloShape), r.Long(2)));

    public static readonly Shape<Row> RowShape = new(
        (w, v) => w.Object(1, SiloShape, v.Silo).Long(2, (long)v.State).OptionalList(3, SuspicionShape, v.Suspicions)
            .Long(4, v.ProxyPort).OptionalText(5, v.HostName).OptionalText(6, v.SiloName).OptionalText(7, v.RoleName)
            .Long(8, v.UpdateZone).Long(9, v.FaultZone).Long(10, v.StartTicks).Long(11, v.AliveTicks)
            .Optional(12, MemberShape, v.Owner).Long(13, v.WrittenAt),
        (ref r) => new Row(
            r.Object(1, SiloShape), r.Enum(2, number => (SiloState)number), r.OptionalList(3, SuspicionShape),
            r.Int(4), r.OptionalText(5), r.OptionalText(6), r.OptionalText(7),
            r.Int(8), r.Int(9), r.Long(10), r.Long(11),
            r.Optional(12, MemberShape), r.Int(13)));

    public static readonly Shape<TableState> TableShape = new(
        (w, v) => w.Long(1, v.Version).List(2, RowShape, [.. v.Rows.Values]),
        (ref r) => new TableState(r.Int(1), Rows(r.List(2, RowShape))));

    /// <summary>The changes of the table. A kind's number is never used again for another.</summary>
    public static readonly Union<TableCommand> TableCommands = new Union<TableCommand>()
        .Kind<InsertRow>(1,
            (w, v) => w.Object(1, RowShape, v.Row).OptionalValue(2, TableTagShape, v.Expected),
            (ref r) => new InsertRow(r.Object(1, RowShape), r.OptionalValue(2, TableTagShape)))
        .Kind<UpdateRow>(2,
            (w, v) => w.Object(1, RowShape, v.Row).OptionalValue(2, RowTagShape, v.ExpectedRow)
                .OptionalValue(3, TableTagShape, v.Expected),
            (ref r) => new UpdateRow(r.Object(1, RowShape), r.OptionalValue(2, RowTagShape),
                r.OptionalValue(3, TableTagShape)))
        .Kind<MarkEnded>(3,
            (w, v) => w.Nonce(1, v.Nonce).Long(2, (long)v.Rule),
            (ref r) => new MarkEnded(r.Nonce(1), r.Enum(2, number => (EndRule)number)))
        .Kind<Cleanup>(4,
            (w, v) => w.Long(1, v.BeforeTicks).Bool(2, v.AlsoNotActive).List(3, SiloShape, v.Victims),
            (ref r) => new Cleanup(r.Long(1), r.Bool(2), r.List(3, SiloShape)))
        .Kind<DeleteAll>(5, (_, _) => { }, (ref _) => new DeleteAll());

    // The order is part of the canonical form, and rules out two rows of one silo.
    private static ImmutableSortedDictionary<SiloId, Row> Rows(Sequence<Row> rows)
    {
        for (var i = 1; i < rows.Count; i++)
        {
            if (rows[i].Silo.CompareTo(rows[i - 1].Silo) <= 0) throw new WireFormatException("Rows are not in order.");
        }

        return rows.ToImmutableSortedDictionary(row => row.Silo, row => row);
    }
}
