using System.Globalization;
using Orleans.Clustering.KubeDns.Tests.Tidy;
using Orleans.Configuration;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Options;

/// <summary>docs/operations.md explains every option, and its defaults are those of the code.</summary>
public sealed class OptionsPageTests
{
    [Fact]
    public void Every_option_of_a_silo_is_explained_with_its_default() =>
        Assert.Equal(OptionsOf(new KubeDnsClusteringOptions()), Told<KubeDnsClusteringOptions>("| option |"));

    [Fact]
    public void Every_option_of_a_client_is_explained_with_its_default() =>
        Assert.Equal(OptionsOf(new KubeDnsGatewayOptions()), Told<KubeDnsGatewayOptions>("| option of a client |"));

    private static IEnumerable<string> OptionsOf(object options) =>
        options.GetType().GetProperties().Select(option => $"{option.Name}: {Show(option.GetValue(options))}").Order();

    // Where the code has no value of its own the page says in words what becomes the default.
    private static IEnumerable<string> Told<TOptions>(string head)
        where TOptions : new()
    {
        var valued = typeof(TOptions).GetProperties()
            .Where(option => Show(option.GetValue(new TOptions())).Length > 0).Select(option => option.Name);
        return Rows(head)
            .Select(row => $"{row.Name}: {(valued.Contains(row.Name) ? row.Default : NoValue(row.Default))}").Order();
    }

    private static string NoValue(string words)
    {
        Assert.Matches("^(required|none|from .+)$", words);
        return "";
    }

    private static IEnumerable<(string Name, string Default)> Rows(string head)
    {
        var rows = SourceTree.Read("docs/operations.md").Split('\n')
            .SkipWhile(line => !line.StartsWith(head, StringComparison.Ordinal)).Skip(2)
            .TakeWhile(line => line.StartsWith('|'));
        foreach (var row in rows)
        {
            string[] cells = [.. row.Split('|').Select(cell => cell.Trim())];
            Assert.NotEqual("", cells[3]);
            yield return (cells[1].Trim('`'), cells[2].Trim('`'));
        }
    }

    private static string Show(object? value) => value switch
    {
        null or IList<string> => "",
        bool on => on ? "true" : "false",
        TimeSpan time => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds} s"),
        _ => $"{value}",
    };
}
