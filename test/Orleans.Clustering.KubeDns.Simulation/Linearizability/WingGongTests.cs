using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Simulation.Linearizability;

/// <summary>Histories made by hand, of which a reader can see whether some order explains them.</summary>
public sealed class WingGongTests
{
    private static readonly Row A = NewRow(1);
    private static readonly Row B = NewRow(2);
    private static readonly TableModel Empty = new(0, ImmutableSortedDictionary<SiloId, Row>.Empty);
    private static readonly TableModel WithA = Empty.After(Insert(0, 1, A, 0, true))!;
    private static readonly TableModel WithAB = WithA.After(Insert(0, 1, B, 1, true))!;

    [Fact]
    public void ReadsAfterWritesThatSeeThemAreLinearizable() => IsTrue(
        Insert(1, 2, A, 0, true), Read(3, 4, WithA), Insert(5, 6, B, 1, true), Read(7, 8, WithAB));

    [Fact]
    public void AReadMayShowAWriteOrNotWhileThatIsUnderWay() => IsTrue(
        Insert(1, 10, A, 0, true), Read(2, 3, Empty), Read(4, 5, WithA), Read(6, 7, WithA));

    [Fact]
    public void AReadThatGoesBackIsNot() => IsFalse(
        Insert(1, 10, A, 0, true), Read(2, 3, WithA), Read(4, 5, Empty));

    [Fact]
    public void AStaleReadIsNot() => IsFalse(Insert(1, 2, A, 0, true), Read(3, 4, Empty));

    [Fact]
    public void AReadFromTheFutureIsNot() => IsFalse(Read(1, 2, WithA), Insert(3, 4, A, 0, true));

    [Fact]
    public void TwoWinnersOfOneTokenAreNot() => IsFalse(Insert(1, 4, A, 0, true), Insert(2, 3, B, 0, true));

    [Fact]
    public void OneWinnerAndOneLoserOfOneTokenAre() => IsTrue(
        Insert(1, 4, A, 0, true), Insert(2, 3, B, 0, false), Read(5, 6, WithA));

    [Fact]
    public void ALostUpdateIsNot() => IsFalse(
        Insert(1, 2, A, 0, true), Insert(3, 4, B, 1, true), Read(5, 6, WithA with { Version = 2 }));

    [Fact]
    public void ACompareAndSwapAppliedTwiceIsNot() => IsFalse(
        Insert(1, 2, A, 0, true), Read(3, 4, WithA with { Version = 2 }));

    [Fact]
    public void AFalseThatTookEffectIsNot() => IsFalse(Insert(1, 2, A, 0, false), Read(3, 4, WithA));

    [Fact]
    public void AFalseThatShouldHaveBeenTrueIsNot() => IsFalse(Read(1, 2, Empty), Insert(3, 4, A, 0, false));

    [Fact]
    public void AnUnknownOutcomeMayTakeEffectLate() => IsTrue(
        Unknown(1, A, 0), Read(2, 3, Empty), Read(4, 5, Empty), Read(6, 7, WithA), Insert(8, 9, B, 1, true));

    [Fact]
    public void AnUnknownOutcomeMayNeverTakeEffect() => IsTrue(
        Unknown(1, A, 0), Insert(2, 3, B, 0, true), Insert(4, 5, B, 1, false));

    [Fact]
    public void AnUnknownOutcomeThatTookEffectStays() => IsFalse(
        Unknown(1, A, 0), Read(2, 3, WithA), Read(4, 5, Empty));

    [Fact]
    public void AnUnknownOutcomeDoesNotTakeEffectOffItsToken() => IsFalse(
        Insert(1, 2, B, 0, true), Unknown(3, A, 0), Read(4, 5, new TableModel(2, WithAB.Rows)));

    [Fact]
    public void ADeadRowThatComesBackIsNot()
    {
        var dead = new Call("a", 3, new UpdateRow(A with { State = SiloState.Dead }, TagOf(1), Tag(1)));
        var back = new Call("a", 5, new UpdateRow(A, TagOf(2), Tag(2)));
        Call[] calls =
        [
            Insert(1, 2, A, 0, true), dead with { ReturnedAt = 4, Outcome = true },
            back with { ReturnedAt = 6, Outcome = true },
        ];
        IsFalse(calls);
        IsTrue([.. calls.Take(2), calls[2] with { Outcome = false }]);
    }

    [Fact]
    public void ManyUnknownOutcomesTakeNoTimeToSearch()
    {
        var unknown = Enumerable.Range(0, 50).Select(i => Unknown(i, NewRow(100 + i), 0));
        IsFalse([.. unknown, Insert(60, 61, A, 0, true), Read(62, 63, Empty)]);
    }

    private static void IsTrue(params Call[] calls) => Assert.Null(WingGong.Contradiction(Empty, calls));

    private static void IsFalse(params Call[] calls) => Assert.NotNull(WingGong.Contradiction(Empty, calls));

    private static Call Insert(long from, long to, Row row, int version, bool outcome) =>
        Unknown(from, row, version) with { ReturnedAt = to, Outcome = outcome };

    private static Call Unknown(long from, Row row, int version) =>
        new("somebody", from, new InsertRow(row, Tag(version)));

    private static Call Read(long from, long to, TableModel table) =>
        new("somebody", from, null) { ReturnedAt = to, Read = new Seen(table.Version, table.Rows) };

    private static TableTag Tag(int version) => new(Guid.Empty, default, version);

    private static RowTag TagOf(int version) => new(default, version);

    private static Row NewRow(int number) => new(
        new SiloId("10.0.0.1", 11111, number), SiloState.Active, null, 0, null, null, null, 0, 0, 0, 0, null, 0);
}
