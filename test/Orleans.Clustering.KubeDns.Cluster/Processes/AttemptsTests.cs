using Pods.Writes;
using Xunit;

namespace Orleans.Clustering.KubeDns.Cluster.Processes;

/// <summary>
/// What random faults hold the told outcomes of compare-and-swaps against is worth what it finds: each lie that a table
/// could tell is told here.
/// </summary>
public sealed class AttemptsTests
{
    private static readonly Guid Lineage = Guid.NewGuid();

    private readonly Attempts _attempts = new();
    private int _seconds;

    [Fact]
    public void Wins_that_show_one_after_another_are_no_fault()
    {
        var one = Ask("a", 1);
        Told(one, Outcome.Won);
        Read("b", At(2), ("a", one.Mark, 2), ("b", 0, 1));
        var other = Ask("b", 2);
        Told(other, Outcome.Won);
        Read("a", At(3), ("a", one.Mark, 2), ("b", other.Mark, 3));

        Assert.Equal(new Sums(Asked: 2, Won: 2, 0, 0, 0, 0, Tables: 2), _attempts.Conclude());
        Assert.Empty(_attempts.Faults);
    }

    [Fact]
    public void Two_wins_of_one_version_are_found()
    {
        var (one, other) = (Ask("a", 1), Ask("b", 1));
        Told(one, Outcome.Won);
        Told(other, Outcome.Won);

        Assert.Contains("two won", Assert.Single(_attempts.Faults));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void A_win_that_a_later_table_does_not_show_is_found(int version)
    {
        Told(Ask("a", 1), Outcome.Won);
        Read("b", At(version), ("a", 0, 0), ("b", 0, version));

        Assert.Contains("is lost", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_win_that_is_told_after_a_table_without_it_was_read_is_found()
    {
        var attempt = Ask("a", 1);
        Read("b", At(2), ("a", 0, 0), ("b", 0, 2));
        Told(attempt, Outcome.Won);

        Assert.Contains("is lost", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_win_may_go_with_the_row_of_a_dead_silo_and_with_no_other()
    {
        var (one, other) = (Ask("a", 1), Ask("b", 2));
        Told(one, Outcome.Won);
        Told(other, Outcome.Won);
        Read("c", At(4), ("a", one.Mark, 4, "Dead"), ("b", other.Mark, 3, "Active"));
        Read("c", At(5), ("b", other.Mark, 3));
        Assert.Empty(_attempts.Faults);

        Read("c", At(6), ("c", 0, 1));

        Assert.Contains($"{other} was told won and is lost", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_win_that_no_table_was_seen_for_is_found_at_the_end()
    {
        Told(Ask("a", 1), Outcome.Won);
        Assert.Empty(_attempts.Faults);

        _attempts.Conclude();

        Assert.Contains("no table", Assert.Single(_attempts.Faults));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_told_lost_and_is_in_a_table_is_found(bool isSeenFirst)
    {
        var attempt = Ask("a", 1);
        if (!isSeenFirst) Told(attempt, Outcome.Lost);
        Read("b", At(2), ("a", attempt.Mark, 2));
        if (isSeenFirst) Told(attempt, Outcome.Lost);

        Assert.Contains("told lost and is in a table", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void What_was_told_lost_although_the_table_is_still_the_same_is_found()
    {
        Told(Ask("a", 1), Outcome.Lost);
        Read("b", At(1), ("a", 0, 0));

        Assert.Contains("after version 2", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void An_unknown_outcome_may_show_or_not_and_is_counted()
    {
        var (one, other) = (Ask("a", 1), Ask("b", 1));
        Told(one, Outcome.Unknown);
        Told(other, Outcome.Unknown);
        Read("c", At(2), ("a", one.Mark, 2), ("b", 0, 1));

        Assert.Equal(new Sums(2, 0, 0, Unknown: 2, Surfaced: 1, 0, Tables: 1), _attempts.Conclude());
        Assert.Empty(_attempts.Faults);
    }

    [Fact]
    public void A_read_of_an_older_table_than_was_told_before_it_began_is_found()
    {
        Read("a", At(3), ("a", 0, 0));
        Read("b", At(2), ("a", 0, 0));

        Assert.Contains("after version 3", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_read_under_way_while_a_newer_table_was_told_is_no_fault()
    {
        var asked = Next();
        Read("a", At(3), ("a", 0, 0));
        _attempts.Read(Table("b", At(2), ("a", 0, 0, "Active")), asked, Next());

        Assert.Empty(_attempts.Faults);
    }

    [Fact]
    public void Two_contents_of_one_version_are_found()
    {
        Read("a", At(3), ("a", 0, 0));
        Read("b", At(3), ("a", 0, 1));

        Assert.Contains("two contents", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void One_version_that_wrote_two_rows_is_found()
    {
        Read("a", At(3), ("a", 0, 2), ("b", 0, 2));

        Assert.Contains("one version, 2,", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void One_commit_that_was_applied_twice_is_found()
    {
        var attempt = Ask("a", 1);
        Told(attempt, Outcome.Won);
        Read("b", At(2), ("a", attempt.Mark, 2));
        Read("b", At(3), ("a", attempt.Mark, 3));

        Assert.Contains("written twice", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_mark_that_nobody_asked_for_is_found()
    {
        Read("a", At(3), ("a", 7, 2));

        Assert.Contains("by nobody", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_mark_of_another_silo_is_found()
    {
        var attempt = Ask("a", 1);
        Read("b", At(2), ("b", attempt.Mark, 2));

        Assert.Contains("by nobody", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_mark_at_another_version_than_it_was_asked_for_is_found()
    {
        var attempt = Ask("a", 4);
        Read("b", At(4), ("a", attempt.Mark, 4));

        Assert.Contains("written at 4", Assert.Single(_attempts.Faults));
    }

    [Fact]
    public void A_rescue_that_loses_what_the_winner_knows_who_takes_part_is_found()
    {
        Told(Ask("a", 1), Outcome.Won);
        Read("b", At(1002, epoch: 2), ("a", 0, 0));
        Assert.Empty(_attempts.Faults);

        Read("a", At(1003, epoch: 2), ("a", 0, 0), ("b", 0, 1003));

        Assert.Contains(_attempts.Faults, fault => fault.Contains("the rescue lost mark 1 of a"));
    }

    [Fact]
    public void A_rescue_that_loses_what_a_reader_knows_who_takes_part_is_found()
    {
        var attempt = Ask("a", 1);
        Told(attempt, Outcome.Won);
        Read("b", At(2), ("a", attempt.Mark, 2));
        Read("b", At(1002, epoch: 2), ("a", 0, 1002, "Dead"));

        Assert.Contains(_attempts.Faults, fault => fault.Contains("the rescue lost mark 1 of a"));
    }

    [Fact]
    public void A_rescue_may_lose_what_only_those_knew_who_take_no_part_and_that_is_counted()
    {
        Read("b", At(1), ("a", 0, 0), ("b", 0, 1));
        Told(Ask("a", 1), Outcome.Won);
        Read("b", At(1001, epoch: 2), ("a", 0, 1001, "Dead"), ("b", 0, 1, "Active"));

        Assert.Equal(1, _attempts.Conclude().Gone);
        Assert.Empty(_attempts.Faults);
    }

    [Fact]
    public void A_rescue_that_does_not_raise_the_version_above_what_was_told_is_found()
    {
        Read("b", At(700), ("b", 0, 1));
        Read("b", At(1001, epoch: 2), ("b", 0, 1));

        Assert.Contains("must begin", Assert.Single(_attempts.Faults));
    }

    private static Place At(int version, int epoch = 1) => new(Lineage, epoch, $"by {epoch}", version);

    private static (string, int, int, string) Active((string Silo, int Mark, int WrittenAt) row) =>
        (row.Silo, row.Mark, row.WrittenAt, "Active");

    private static SeenTable Table(
        string to, Place at, params (string Silo, int Mark, int WrittenAt, string Status)[] rows) =>
        new(to, at, rows.ToDictionary(row => row.Silo, row => new SeenRow(row.Status, row.Mark, row.WrittenAt, "")));

    // What it had read is no matter here.
    private Attempt Ask(string silo, int version) => _attempts.Ask(Table(silo, At(version)));

    private void Told(Attempt attempt, Outcome outcome) => _attempts.Told(attempt, outcome, Next());

    private void Read(string to, Place at, params (string, int, int)[] rows) =>
        Read(to, at, [.. rows.Select(Active)]);

    private void Read(string to, Place at, params (string, int, int, string)[] rows) =>
        _attempts.Read(Table(to, at, rows), Next(), Next());

    private TimeSpan Next() => TimeSpan.FromSeconds(++_seconds);
}
