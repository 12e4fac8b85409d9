using Orleans.Clustering.KubeDns.Discovery;
using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>"Once per change of state, then at most every 60 s" (operations § 5).</summary>
public sealed class ComplaintsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly KdnsError One = new("KDNS301", "one", ["x"], ["y"], ["z"]);
    private static readonly KdnsError Other = One with { Code = "KDNS302", Summary = "other" };

    private readonly ManualTime _time = new();
    private readonly Complaints _complaints;

    public ComplaintsTests() => _complaints = new Complaints(_time);

    [Fact]
    public void What_passes_by_itself_is_shown_but_not_told()
    {
        Assert.Equal("", Told(4, One));
        Assert.StartsWith("KDNS301: one", Assert.Single(_complaints.Texts));

        Assert.Equal("", Told(1, null));
        Assert.Empty(_complaints.Texts);
    }

    [Fact]
    public void What_lasts_is_told_once_and_again_every_minute() =>
        Assert.Equal("KDNS301@5 KDNS301@65 KDNS301@125", Told(130, One));

    [Fact]
    public void What_changes_is_told_as_something_new() =>
        Assert.Equal("KDNS301@5 KDNS302@15", $"{Told(10, One)} {Told(10, Other)}");

    [Fact]
    public void What_comes_again_is_told_again() =>
        Assert.Equal("KDNS301@5 KDNS301@16", $"{Told(10, One)}{Told(1, null)} {Told(10, One)}");

    [Fact]
    public void Subjects_do_not_hide_each_other()
    {
        Told(6, One);
        _complaints.Note("another", Other, Patience);

        Assert.Equal(2, _complaints.Texts.Count);
    }

    [Fact]
    public void The_text_says_since_when()
    {
        Told(8, One);

        Assert.Contains("for 7 s now", Assert.Single(_complaints.Texts));
    }

    [Fact]
    public void A_text_that_measured_its_time_itself_is_told_by_the_same_rules()
    {
        Assert.False(IsDue("KDNS301: one", 4));
        Assert.True(IsDue("KDNS301: one", 5));
        Assert.False(IsDue("KDNS301: one", 6));
        Assert.False(IsDue("", 0));
        Assert.True(IsDue("KDNS301: one", 6));
    }

    private bool IsDue(string text, double lasting) =>
        _complaints.IsDue("dns", text, TimeSpan.FromSeconds(lasting), Patience);

    // Notes it every second for so many seconds; when it was told what.
    private string Told(int seconds, KdnsError? error)
    {
        List<string> told = [];
        for (var i = 0; i < seconds; i++)
        {
            if (_complaints.Note("subject", error, Patience) is { } text)
                told.Add($"{text.Split(':')[0]}@{_time.GetUtcNow().ToUnixTimeSeconds() - 3600}");
            _time.Advance(1);
        }

        return string.Join(' ', told);
    }
}
