using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>
/// What of the core's object graph can change: its role classes. Everything else that they hold is an immutable record,
/// value or collection, but for the queues and lists of effects, which are empty between two steps.
/// </summary>
internal static class Machine
{
    private const BindingFlags Own =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Known = new();
    private static readonly ConcurrentDictionary<Type, bool> Parts = new();

    public static bool IsPart(Type type) => Parts.GetOrAdd(type, each =>
        each.IsClass && each.Namespace == typeof(Replica).Namespace && !IsRecord(each)
        && !typeof(Delegate).IsAssignableFrom(each));

    public static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    public static FieldInfo[] FieldsOf(Type type) => Known.GetOrAdd(type, each =>
    {
        var fields = new List<FieldInfo>();
        for (var at = each; at is not null && at != typeof(object); at = at.BaseType)
            fields.AddRange(at.GetFields(Own));
        return [.. fields];
    });
}
