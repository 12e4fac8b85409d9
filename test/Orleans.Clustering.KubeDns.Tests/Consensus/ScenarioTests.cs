using Orleans.Clustering.KubeDns.Tests.Tidy;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Consensus;

/// <summary>
/// Scenarios/*.txt: what is done (lines with '&gt;'), and every message, commit and trace that follows. With
/// UPDATE_SCENARIOS=1 the traces are written anew, and the reader judges the difference.
/// </summary>
public class ScenarioTests
{
    private static readonly string Folder =
        Path.Combine(SourceTree.Root, "test", "Orleans.Clustering.KubeDns.Tests", "Scenarios");

    public static IEnumerable<string> Files =>
        Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Files];

    public static string[] Lines(string file) => Read(file).TrimEnd('\n').Split('\n');

    [Theory]
    [MemberData(nameof(Names))]
    public void Runs_as_it_is_written(string name)
    {
        var written = Read(name);
        var ran = string.Join('\n', Play(written.Split('\n'))) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1") File.WriteAllText(PathOf(name), ran);
        else Assert.Equal(written, ran);
    }

    private static string PathOf(string file) => Path.Combine(Folder, file);

    private static string Read(string file) => File.ReadAllText(PathOf(file)).ReplaceLineEndings("\n");

    private static IEnumerable<string> Play(IEnumerable<string> lines)
    {
        var stage = new Stage();
        foreach (var line in lines)
        {
            if (line.StartsWith('#')) yield return line;
            if (!line.StartsWith('>')) continue;
            yield return line;
            foreach (var said in stage.Play(line[1..])) yield return said;
        }
    }
}
