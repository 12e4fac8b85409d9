using k8s;
using k8s.Models;
using Orleans.Clustering.KubeDns.Tests.Tidy;

namespace Orleans.Clustering.KubeDns.Tests.Manifests;

/// <summary>
/// The documents of a manifest file as the Kubernetes types of their kinds, read strictly: a field that the type does
/// not have, which the API server would reject or drop, is an error.
/// </summary>
internal static class Typed
{
    private static readonly Dictionary<string, Type> Kinds = new()
    {
        ["v1/Service"] = typeof(V1Service),
        ["v1/Secret"] = typeof(V1Secret),
        ["apps/v1/StatefulSet"] = typeof(V1StatefulSet),
        ["apps/v1/Deployment"] = typeof(V1Deployment),
        ["policy/v1/PodDisruptionBudget"] = typeof(V1PodDisruptionBudget),
        ["networking.k8s.io/v1/NetworkPolicy"] = typeof(V1NetworkPolicy),
    };

    public static IReadOnlyList<string> Files { get; } =
        [.. SourceTree.Files("*.yaml", "k8s").Where(path => path.Count(c => c == '/') == 1)];

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Read(string path) => Parse(SourceTree.Read(path));

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Parse(string text) =>
        [.. KubernetesYaml.LoadAllFromString(text, Kinds, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>()];

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> All { get; } = [.. Files.SelectMany(Read)];

    public static T Single<T>(string name) where T : IKubernetesObject<V1ObjectMeta> =>
        All.OfType<T>().Single(item => item.Metadata.Name == name);

    /// <summary>The pod template of each workload, by its kind.</summary>
    public static IReadOnlyDictionary<string, V1PodTemplateSpec> Templates { get; } =
        new Dictionary<string, V1PodTemplateSpec>
        {
            [V1StatefulSet.KubeKind] = Single<V1StatefulSet>("silo").Spec.Template,
            [V1Deployment.KubeKind] = Single<V1Deployment>("silo").Spec.Template,
        };
}
