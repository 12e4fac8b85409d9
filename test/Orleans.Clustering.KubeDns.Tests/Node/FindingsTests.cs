using Orleans.Clustering.KubeDns.Node;
using Orleans.Clustering.KubeDns.Tests.Discovery;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Node;

/// <summary>"Once per change of state, then at most every 60 s" (operations § 5), and when a finding counts.</summary>
public sealed class FindingsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ManualTime _time = new();

    [Fact]
    public void It_counts_and_is_told_once_it_has_lasted_and_again_every_minute()
    {
        var findings = new Findings(_time);
        var told = new List<int>();
        for (var second = 0; second < 160; second++)
        {
            if (findings.Note("a", "text", Patience)) told.Add(second);
            Assert.Equal(second >= 30 ? 1 : 0, findings.Lasting.Count);
            _time.Advance(1);
        }

        Assert.Equal([30, 90, 150], told);
    }

    [Fact]
    public void It_ends_and_begins_anew()
    {
        var findings = new Findings(_time);
        findings.Note("a", "text", Patience);
        _time.Advance(31);
        Assert.True(findings.Note("a", "text", Patience));
        Assert.False(findings.Note("a", null, Patience));
        Assert.Empty(findings.Lasting);

        Assert.False(findings.Note("a", "text", Patience));
        Assert.Empty(findings.Lasting);
    }

    [Fact]
    public void A_line_is_told_once_a_minute_whatever_is_told_between()
    {
        var repetitions = new Repetitions(_time);
        Assert.False(repetitions.IsOne("a"));
        Assert.False(repetitions.IsOne("b"));
        _time.Advance(59);
        Assert.True(repetitions.IsOne("a"));
        _time.Advance(1);
        Assert.False(repetitions.IsOne("a"));
    }
}
