using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Tests.Table;

/// <summary>
/// The table against a dumb twin: a dictionary of silo to (state, version), written with nothing but the rules' words.
/// </summary>
public class TwinTests
{
    private static readonly Guid Lineage = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private static readonly Epoch Epoch = new(1, new Nonce(9));

    [Property(MaxTest = 200)]
    public Property The_table_and_its_dumb_twin_agree() => Prop.ForAll(Moves().ArrayOf().ToArbitrary(), moves =>
    {
        var table = TableState.Empty;
        var twin = new Twin();
        foreach (var move in moves)
        {
            var change = Change(table, move);
            var wins = table.Check(change, Tag(table, 0)) is Verdict.Commit or Verdict.Nothing;
            if (wins) table = table.Apply(change);
            if (wins != twin.Do(move) || !twin.Equals(table)) return false;
        }

        return true;
    });

    private static Gen<Move> Moves() =>
        from kind in Gen.Choose(0, 4)
        from silo in Gen.Choose(1, 3)
        from state in Gen.Elements(SiloState.Joining, SiloState.Active, SiloState.Dead)
        from isStale in Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true)))
        select new Move(kind, silo, state, isStale);

    private static TableCommand Change(TableState table, Move move)
    {
        var silo = new SiloId("10.0.0.1", move.Silo, 1);
        var owner = new MemberId("a", new PeerAddress("10.0.0.1", 1), silo, new Nonce((UInt128)move.Silo));
        var row = new Row(silo, move.State, null, 1, null, null, null, 0, 0, 1, 1, owner, 0);
        var tag = Tag(table, move.IsStale ? 1 : 0);
        var rowTag = table.Rows.TryGetValue(silo, out var known) ? new RowTag(Epoch, known.WrittenAt) : (RowTag?)null;
        return move.Kind switch
        {
            0 => new InsertRow(row, tag),
            1 => new UpdateRow(row, rowTag, tag),
            2 => new MarkEnded(owner.Nonce, EndRule.Refused),
            3 => table.Resolve(new Cleanup(long.MaxValue, false, default), _ => 0),
            _ => new DeleteAll(),
        };
    }

    private static TableTag Tag(TableState table, int back) => new(Lineage, Epoch, table.Version - back);

    private sealed record Move(int Kind, int Silo, SiloState State, bool IsStale);

    private sealed class Twin
    {
        private readonly Dictionary<int, (SiloState State, int WrittenAt)> _rows = [];
        private int _version;

        public bool Do(Move move)
        {
            switch (move.Kind)
            {
                case 0 when move.IsStale || _rows.ContainsKey(move.Silo): return false;
                case 1 when move.IsStale || !_rows.ContainsKey(move.Silo): return false;
                case 1 when _rows[move.Silo].State == SiloState.Dead && move.State != SiloState.Dead: return false;
                case 0 or 1: _rows[move.Silo] = (move.State, ++_version); break;
                case 2 when _rows.TryGetValue(move.Silo, out var row) && row.State != SiloState.Dead:
                    _rows[move.Silo] = (SiloState.Dead, ++_version);
                    break;
                case 3: Remove(silo => _rows[silo].State == SiloState.Dead); break;
                case 4: Remove(_ => true); break;
            }

            return true;
        }

        public bool Equals(TableState table) =>
            table.Version == _version
            && table.Rows.Values.Select(row => (row.Silo.Port, row.State, row.WrittenAt)).SequenceEqual(
                _rows.OrderBy(row => row.Key).Select(row => (row.Key, row.Value.State, row.Value.WrittenAt)));

        private void Remove(Func<int, bool> which)
        {
            var victims = _rows.Keys.Where(which).ToList();
            if (victims.Count > 0) _version++;
            foreach (var silo in victims) _rows.Remove(silo);
        }
    }
}
