using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>
/// Copies a replica, so that a run can go on in two ways. The product has no such method: it is found by reflection
/// over the role classes, whose immutable parts both copies share.
/// </summary>
internal sealed class Copier
{
    private static readonly Func<object, object> Shallow = typeof(object)
        .GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!
        .CreateDelegate<Func<object, object>>();

    private static readonly ConcurrentDictionary<Type, FieldInfo[]> Mutable = new();

    private readonly Dictionary<object, object> _copies = new(ReferenceEqualityComparer.Instance);

    public static Replica Copy(Replica replica) => (Replica)new Copier().CopyPart(replica);

    private object CopyPart(object part)
    {
        if (_copies.TryGetValue(part, out var known)) return known;
        var copy = Shallow(part);
        _copies.Add(part, copy);
        foreach (var field in Mutable.GetOrAdd(part.GetType(), FieldsToCopy))
        {
            if (field.GetValue(part) is { } value) field.SetValue(copy, CopyValue(value));
        }

        return copy;
    }

    private object CopyValue(object value) => value switch
    {
        Delegate { Target: null } call => call,
        Delegate call => Machine.IsPart(call.Target!.GetType())
            ? Delegate.CreateDelegate(call.GetType(), CopyPart(call.Target), call.Method)
            : call,
        _ when Machine.IsPart(value.GetType()) => CopyPart(value),
        _ => Activator.CreateInstance(value.GetType(), value)!,
    };

    private static FieldInfo[] FieldsToCopy(Type type) =>
        Machine.FieldsOf(type).Where(field => MayChange(field.FieldType)).ToArray();

    private static bool MayChange(Type type) =>
        Machine.IsPart(type) || typeof(Delegate).IsAssignableFrom(type)
        || (type.IsGenericType && IsChangingCollection(type.GetGenericTypeDefinition()));

    private static bool IsChangingCollection(Type generic) =>
        generic == typeof(Queue<>) || generic == typeof(List<>)
        || generic == typeof(Dictionary<,>) || generic == typeof(HashSet<>);
}
