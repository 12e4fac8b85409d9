using System.Text.RegularExpressions;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>The table of scenarios on the protocol page, held against the files that it names.</summary>
public partial class ScenarioTableTests
{
    private const int LongestScenario = 60;

    private static readonly IReadOnlyList<(string File, string Line)> Rows =
        [.. Row().Matches(Section()).Select(row => (row.Groups[1].Value, row.Groups[2].Value))];

    [Fact]
    public void Each_scenario_is_named_once_and_each_that_is_named_exists() =>
        Assert.Equal(ScenarioTests.Files, Rows.Select(row => row.File).Order(StringComparer.Ordinal));

    [Fact]
    public void The_line_to_look_at_is_said_in_its_scenario() => Faults.None(
        from row in Rows
        where !Said(row.File).Any(line => line.TrimStart(' ', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9')
            .StartsWith(row.Line, StringComparison.Ordinal))
        select $"{row.File} does not say '{row.Line}'");

    [Fact]
    public void Each_scenario_begins_with_what_it_is_about() => Faults.None(
        from file in ScenarioTests.Files
        where !ScenarioTests.Lines(file)[0].StartsWith("# ", StringComparison.Ordinal)
        select file);

    [Fact]
    public void A_scenario_is_short_enough_to_be_read() => Faults.None(
        from file in ScenarioTests.Files
        let lines = ScenarioTests.Lines(file).Length
        where lines > LongestScenario
        select $"{file} has {lines} lines");

    private static IEnumerable<string> Said(string file) =>
        ScenarioTests.Lines(file).Where(line => !line.StartsWith('#') && !line.StartsWith('>'));

    private static string Section()
    {
        var page = SourceTree.Read("docs/protocol.md");
        var from = page.IndexOf("## Scenarios", StringComparison.Ordinal);
        return page[from..page.IndexOf("## Glossary", from, StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"^\|[^|]+\| `([^`]+\.txt)` \| `([^`]+)` \|\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
