using System.Text.RegularExpressions;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Readme;

/// <summary>What the documents show is what the files hold, and the numbers they name are the defaults.</summary>
public partial class DocumentTests
{
    private static readonly string[] Code = ["csharp", "json", "yaml"];

    [Fact]
    public void Every_block_that_names_a_file_stands_in_it() => Faults.None(
        from block in MarkdownBlock.All()
        where block.From is not null
        where !block.StandsIn(SourceTree.Read(block.From!))
        select $"{block.Document}:{block.LineNumber}: not in {block.From}");

    [Fact]
    public void Every_piece_of_code_in_a_document_names_its_file() => Faults.None(
        from block in MarkdownBlock.All()
        where Code.Contains(block.Language) && block.From is null
        select $"{block.Document}:{block.LineNumber}");

    [Fact]
    public void The_README_shows_code_of_a_silo_of_a_client_and_of_a_manifest()
    {
        var sources = MarkdownBlock.All().Where(block => block.Document == "README.md").Select(block => block.From);

        Assert.Equal(2, sources.Count(from => from?.EndsWith("Snippets.cs") == true));
        Assert.Contains("k8s/common.yaml", sources);
    }

    [Fact]
    public void The_README_names_only_options_that_exist() => Faults.None(
        from row in OptionRows()
        from name in row.Names
        where !Defaults.OptionNames.Contains(name)
        select name);

    [Fact]
    public void The_README_states_the_default_ports()
    {
        Assert.Equal($"{Defaults.DiscoveryPort}", Default("DiscoveryPort"));
        Assert.Equal($"{Defaults.StatusPort}", Default("StatusPort"));
    }

    [Fact]
    public void The_README_states_the_ports_of_Orleans() => Assert.Contains(
        $"{Defaults.SiloPort} between silos, {Defaults.GatewayPort} for clients", SourceTree.Read("README.md"));

    [Fact]
    public void The_script_of_each_command_of_the_README_exists() => Assert.All(
        Commands().Matches(SourceTree.Read("README.md")).Select(match => match.Groups[1].Value),
        script => Assert.True(File.Exists(Path.Combine(SourceTree.Root, script)), script));

    [Fact]
    public void A_block_is_found_whatever_its_indentation_and_not_if_a_line_differs()
    {
        var block = new MarkdownBlock("x.md", 1, "yaml", "x.yaml", ["a:", "  b: 1"]);

        Assert.True(block.StandsIn("z: 0\n  a:\n    b: 1\n"));
        Assert.False(block.StandsIn("a:\n  b: 2\n"));
        Assert.False(block.StandsIn("a:\n\n  b: 1\n"));
    }

    private static string Default(string option) => OptionRows().Single(row => row.Names.Contains(option)).Default;

    private static IEnumerable<(string[] Names, string Default)> OptionRows() =>
        from line in SourceTree.Read("README.md").Split('\n')
        where line.StartsWith("| `")
        let cells = line.Split('|')
        select (Quoted().Matches(cells[1]).Select(match => match.Groups[1].Value).ToArray(), cells[2].Trim());

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\./([a-z]+\.sh)")]
    private static partial Regex Commands();
}
