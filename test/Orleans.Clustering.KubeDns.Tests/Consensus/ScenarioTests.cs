using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
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

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Folder, "*.txt").Select(path => Path.GetFileName(path)).Order()];

    [Theory]
    [MemberData(nameof(Names))]
    public void Runs_as_it_is_written(string name)
    {
        var path = Path.Combine(Folder, name);
        var written = File.ReadAllText(path).ReplaceLineEndings("\n");
        var ran = string.Join('\n', Play(written.Split('\n'))) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_SCENARIOS") == "1") File.WriteAllText(path, ran);
        else Assert.Equal(written, ran);
    }

    private static IEnumerable<string> Play(IEnumerable<string> lines)
    {
        var cluster = new HandDelivery();
        var silos = new Dictionary<string, Silo>();
        foreach (var line in lines)
        {
            if (line.StartsWith('#')) yield return line;
            if (!line.StartsWith('>')) continue;
            yield return line;
            cluster.Lines.Clear();
            Do(cluster, silos, line[1..].Split(' ', StringSplitOptions.RemoveEmptyEntries));
            foreach (var said in cluster.Lines) yield return said;
        }
    }

    private static void Do(HandDelivery cluster, Dictionary<string, Silo> silos, string[] words)
    {
        foreach (var name in words[1..])
        {
            switch (words[0])
            {
                case "start": silos[name] = cluster.Start(Given.Member(name)); break;
                case "join": cluster.Join(silos[name]); break;
                case "kill": cluster.Kill(silos[name]); break;
                case "leave": cluster.Leave(silos[name]); break;
                case "run": cluster.Run(long.Parse(name)); break;
                case "insert": Insert(cluster, silos[name]); break;
                case "hold": cluster.Holds = letter => letter.Body.GetType().Name == name; break;
                case "answers": Answers(cluster, silos[name]); break;
                default: throw new InvalidOperationException($"what is '{words[0]}'?");
            }
        }
    }

    private static void Insert(HandDelivery cluster, Silo silo) =>
        cluster.Write(silo, Given.Insert(Given.Member("e"), silo.State.Tag));

    private static void Answers(HandDelivery cluster, Silo silo)
    {
        var told = silo.Outcomes.Values.Select(answer => answer?.ToString() ?? "none");
        cluster.Lines.Add($"       {silo} was told {string.Join(' ', told)}; it is at {silo.State.Index}, "
            + $"voters {string.Concat(silo.State.Voters.Select(voter => Scenario.Name(voter.Address)))}");
    }
}
