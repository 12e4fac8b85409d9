using Orleans.Clustering.KubeDns.Tests.Tidy;
using YamlDotNet.RepresentationModel;

namespace Orleans.Clustering.KubeDns.Tests.Manifests;

/// <summary>The objects of a manifest file, read by paths such as <c>spec.template.spec</c>.</summary>
internal static class Manifest
{
    public static readonly string[] Workloads = ["k8s/statefulset.yaml", "k8s/deployment.yaml"];

    public static IReadOnlyList<YamlNode> Read(string path)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(SourceTree.Read(path)));
        return [.. stream.Documents.Select(document => document.RootNode)];
    }

    public static YamlNode Single(string path, string kind, string name) =>
        Read(path).Single(item => item.Text("kind") == kind && item.Text("metadata.name") == name);

    /// <summary>The only object of a workload file.</summary>
    public static YamlNode Workload(string path) => Read(path).Single();

    public static YamlNode Pod(string path) => Workload(path).At("spec.template.spec")!;

    public static YamlNode Container(string path) => Pod(path).List("containers").Single();

    /// <summary>The node at a path; null if any part of the path is missing.</summary>
    public static YamlNode? At(this YamlNode node, string path)
    {
        YamlNode? here = node;
        foreach (var key in path.Split('.'))
        {
            here = here is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out var next)
                ? next
                : null;
        }

        return here;
    }

    public static string? Text(this YamlNode node, string path) => (node.At(path) as YamlScalarNode)?.Value;

    public static int Number(this YamlNode node, string path) => int.Parse(node.Text(path)!);

    public static IReadOnlyList<YamlNode> List(this YamlNode node, string path) =>
        [.. node.At(path) as YamlSequenceNode ?? new YamlSequenceNode()];

    public static Dictionary<string, string?> Map(this YamlNode node, string path) =>
        ((YamlMappingNode)node.At(path)!).Children.ToDictionary(
            pair => ((YamlScalarNode)pair.Key).Value!, pair => (pair.Value as YamlScalarNode)?.Value);

    /// <summary>The value of an environment variable of the container; null if it comes from elsewhere.</summary>
    public static string? Environment(string path, string name) =>
        Container(path).List("env").Single(entry => entry.Text("name") == name).Text("value");
}
