using System.Collections.Immutable;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Table;

/// <summary>Each command and each verdict (protocol § 3).</summary>
public class TableStateTests
{
    private static readonly SiloId One = new("10.0.0.1", 11111, 1);
    private static readonly SiloId Two = new("10.0.0.2", 11111, 1);
    private static readonly SiloId Three = new("10.0.0.3", 11111, 1);
    private static readonly MemberId Owner = new("a.demo", new PeerAddress("10.0.0.1", 11112), One, new Nonce(1));
    private static readonly Guid Lineage = Guid.Parse("11111111-2222-3333-4444-555555555555");
    private static readonly Epoch Epoch = new(1, new Nonce(9));

    private readonly TableState _table = TableState.Empty.Apply(new InsertRow(Row(One), null));

    // "A command that changes a row [...] raises table.version by exactly 1"
    [Fact]
    public void A_command_that_changes_a_row_raises_the_version_by_one()
    {
        TableCommand[] commands =
        [
            new InsertRow(Row(Two), null), new UpdateRow(Row(One, SiloState.Stopping), null, null),
            new MarkEnded(Owner.Nonce, EndRule.Refused), new Cleanup(0, false, Sequence.Of(One)), new DeleteAll(),
        ];

        Assert.All(commands, command => Assert.Equal(2, _table.Apply(command).Version));
    }

    // "one that changes none leaves it: one version never has two contents"
    [Fact]
    public void A_command_that_changes_none_leaves_the_version()
    {
        var dead = _table.Apply(new MarkEnded(Owner.Nonce, EndRule.Refused));

        Assert.Same(dead, dead.Apply(new MarkEnded(Owner.Nonce, EndRule.Superseded)));
        Assert.Same(_table, _table.Apply(new MarkEnded(new Nonce(7), EndRule.Refused)));
        Assert.Same(_table, _table.Apply(new Cleanup(0, false, default)));
        Assert.Same(TableState.Empty, TableState.Empty.Apply(new DeleteAll()));
    }

    [Fact]
    public void A_command_that_changes_none_is_judged_so()
    {
        Assert.Equal(Verdict.Nothing, _table.Check(new MarkEnded(new Nonce(7), EndRule.Refused), Tag(1)));
        Assert.Equal(Verdict.Nothing, _table.Check(new Cleanup(0, false, default), Tag(1)));
        Assert.Equal(Verdict.Nothing, TableState.Empty.Check(new DeleteAll(), Tag(0)));
    }

    [Fact]
    public void An_insert_with_the_current_tag_commits()
    {
        Assert.Equal(Verdict.Commit, _table.Check(new InsertRow(Row(Two), Tag(1)), Tag(1)));
    }

    [Fact]
    public void An_insert_of_a_silo_that_has_a_row_loses()
    {
        Assert.Equal(Verdict.Lost, _table.Check(new InsertRow(Row(One), Tag(1)), Tag(1)));
    }

    [Fact]
    public void A_tag_of_the_past_of_another_lineage_or_of_none_loses()
    {
        Assert.Equal(Verdict.Lost, Insert(Tag(0)));
        Assert.Equal(Verdict.Lost, Insert(null));
        Assert.Equal(Verdict.Lost, Insert(Tag(1) with { Lineage = Guid.NewGuid() }));
        Assert.Equal(Verdict.Lost, Insert(Tag(2) with { Lineage = Guid.NewGuid() }));
        Assert.Equal(Verdict.Lost, Insert(Tag(5) with { Epoch = new Epoch(0, default) }));
    }

    // "an etag newer than the leader's state makes the leader catch up first"
    [Fact]
    public void A_tag_of_the_future_waits_for_the_leader_to_catch_up()
    {
        Assert.Equal(Verdict.CallerIsAhead, Insert(Tag(2)));
        Assert.Equal(Verdict.CallerIsAhead, Insert(Tag(0) with { Epoch = new Epoch(2, default) }));
    }

    [Fact]
    public void An_update_needs_the_tag_of_the_row_as_well()
    {
        Assert.Equal(Verdict.Commit, Update(new RowTag(Epoch, 1)));
        Assert.Equal(Verdict.Lost, Update(new RowTag(Epoch, 0)));
        Assert.Equal(Verdict.Lost, Update(new RowTag(new Epoch(2, default), 1)));
        Assert.Equal(Verdict.Lost, Update(null));
        Assert.Equal(Verdict.Lost, _table.Check(new UpdateRow(Row(Two), new RowTag(Epoch, 1), Tag(1)), Tag(1)));
    }

    // "Dead is final"
    [Theory]
    [InlineData(nameof(SiloState.Active))]
    [InlineData(nameof(SiloState.Joining))]
    [InlineData(nameof(SiloState.ShuttingDown))]
    public void Dead_is_final(string state)
    {
        var after = Enum.Parse<SiloState>(state);
        var dead = _table.Apply(new MarkEnded(Owner.Nonce, EndRule.Refused));
        var back = new UpdateRow(Row(One, after), new RowTag(Epoch, 2), Tag(2));

        Assert.Equal(SiloState.Dead, dead.Rows[One].State);
        Assert.Equal(Verdict.Lost, dead.Check(back, Tag(2)));
        Assert.Equal(Verdict.Commit, dead.Check(back with { Row = Row(One, SiloState.Dead) }, Tag(2)));
    }

    [Fact]
    public void A_row_that_another_silo_writes_keeps_its_owner()
    {
        var written = _table.Apply(new UpdateRow(Row(One) with { Owner = null }, null, null));

        Assert.Equal(Owner, written.Rows[One].Owner);
        Assert.Equal(2, written.Rows[One].WrittenAt);
    }

    // Somebody else may have inserted the row; its owner's first write of it tells who that is.
    [Fact]
    public void A_row_without_an_owner_gets_the_one_that_writes_it()
    {
        var owned = TableState.Empty.Apply(new InsertRow(Row(One) with { Owner = null }, null))
            .Apply(new UpdateRow(Row(One), null, null));

        Assert.Equal(Owner, owned.Rows[One].Owner);
    }

    // A row at a member's address may be one that somebody else inserted for it, or its predecessor's.
    [Fact]
    public void The_row_of_an_incarnation_is_the_one_that_it_wrote()
    {
        var other = Owner with { Nonce = new Nonce(2) };

        Assert.Equal(One, _table.RowOf(Owner)!.Silo);
        Assert.Null(_table.RowOf(other));
        Assert.Null(_table.RowOf(Owner with { Silo = Two }));
    }

    // "writes the rows of members outside W Dead; raises the version by 1000"
    [Fact]
    public void A_rescue_writes_the_ended_dead_at_its_version_and_leaves_the_others_their_etags()
    {
        var ended = Owner with { Silo = Two, Nonce = new Nonce(2) };
        var dead = Owner with { Silo = Three, Nonce = new Nonce(3) };
        var before = _table.Apply(new InsertRow(Row(Two) with { Owner = ended }, null))
            .Apply(new InsertRow(Row(Three, SiloState.Dead) with { Owner = dead }, null));

        var after = before.Rescue([ended, dead]);

        Assert.Equal(1_003, after.Version);
        Assert.Equal((SiloState.Dead, 1_003), (after.Rows[Two].State, after.Rows[Two].WrittenAt));
        Assert.Equal(before.Rows[One], after.Rows[One]);
        Assert.Equal(before.Rows[Three], after.Rows[Three]);
    }

    [Fact]
    public void A_clean_up_takes_the_dead_whose_last_sign_is_old()
    {
        var table = _table.Apply(new InsertRow(Row(Two, SiloState.Dead), null));

        Assert.Equal([Two], table.Resolve(new Cleanup(100, false, default), _ => 0).Victims);
        Assert.Empty(table.Resolve(new Cleanup(100, false, default), _ => 100).Victims);
        Assert.Empty(table.Resolve(new Cleanup(1, false, default), _ => 0).Victims);
    }

    [Fact]
    public void An_older_clean_up_takes_all_that_are_not_active()
    {
        var table = _table.Apply(new InsertRow(Row(Two, SiloState.Joining), null));

        Assert.Equal([Two], table.Resolve(new Cleanup(100, true, default), _ => 0).Victims);
    }

    [Fact]
    public void A_vote_is_a_sign_of_life_as_well()
    {
        var row = Row(One) with { Suspicions = Sequence.Of(new Suspicion(Two, 50)) };

        Assert.Equal((50, 70), (row.LastSign(0), row.LastSign(70)));
    }

    [Fact]
    public void Its_start_and_its_heartbeat_are_signs_of_life()
    {
        Assert.Equal(8, (Row(One) with { StartTicks = 8, AliveTicks = 3 }).LastSign(5));
        Assert.Equal(8, (Row(One) with { StartTicks = 3, AliveTicks = 8 }).LastSign(5));
    }

    [Fact]
    public void A_silo_is_live_from_when_its_row_is_there_until_it_ends()
    {
        SiloState[] live = [SiloState.Created, SiloState.Joining, SiloState.Active];

        Assert.Equal(live, Enum.GetValues<SiloState>().Where(state => Row(One, state).IsLive));
    }

    [Fact]
    public void A_tag_reads_what_it_wrote_and_nothing_else()
    {
        Assert.Equal(Tag(7), TableTag.Parse(Tag(7).ToString()));
        Assert.Equal(new RowTag(Epoch, 7), RowTag.Parse(new RowTag(Epoch, 7).ToString()));
        Assert.All(
            [null, "", "7", "a.b.c.d", $"{Tag(7)}.1", "1.2.-3", $"{Lineage}.1.2.3"],
            text => Assert.Null(TableTag.Parse(text)));
        Assert.All(
            [null, "", "7", "1.2", "1.x.3", "1.2.-3", "+1.2.3", "1.2.3.4"],
            text => Assert.Null(RowTag.Parse(text)));
    }

    private Verdict Insert(TableTag? expected) => _table.Check(new InsertRow(Row(Two), expected), Tag(1));

    private Verdict Update(RowTag? expected) => _table.Check(new UpdateRow(Row(One), expected, Tag(1)), Tag(1));

    private static TableTag Tag(int version) => new(Lineage, Epoch, version);

    private static Row Row(SiloId silo, SiloState state = SiloState.Active) => new(
        silo, state, null, 1, null, null, null, 0, 0, 1, 1, silo == One ? Owner : null, 0);
}
