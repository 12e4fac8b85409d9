using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Transport;

/// <summary>
/// Makes a value of any record of the protocol from a seed, and compares two of them part by part (a member's own
/// equality looks at its nonce alone). It works by reflection, so a new field or message is tested without a line here,
/// and one that the codec forgets is noticed.
/// </summary>
internal sealed class Samples(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Whether to choose defaults, nulls and empty lists now and then; off: everything has content.</summary>
    public bool Sparse { get; init; } = true;

    public static readonly IReadOnlyList<Type> MessageTypes = Concrete<Message>();
    public static readonly IReadOnlyList<Type> CommandTypes = Concrete<Command>();
    public static readonly IReadOnlyList<Type> TableCommandTypes = Concrete<TableCommand>();

    public Envelope Envelope(Type? body = null) =>
        Make<Envelope>() with { Body = (Message)Make(body ?? Any(MessageTypes)) };

    public T Make<T>() => (T)Make(typeof(T));

    public object Make(Type type)
    {
        if (type == typeof(Message)) return Make(Any(MessageTypes));
        if (type == typeof(Command)) return Make(Any(CommandTypes));
        if (type == typeof(TableCommand)) return Make(Any(TableCommandTypes));
        if (type == typeof(TableState)) return new TableState(Make<int>(), Rows());
        if (type == typeof(Recent)) return new Recent(Committed());
        if (type.IsEnum) return Any([.. Enum.GetValues(type).Cast<object>()]);
        return Simple(type) ?? (IsSequence(type) ? MakeSequence(type) : MakeRecord(type));
    }

    public static void AssertSame(object? expected, object? actual, string path = "")
    {
        if (expected is null || actual is null || expected is string || expected.GetType().IsPrimitive)
        {
            Assert.True(Equals(expected, actual), $"{path}: {expected} became {actual}");
            return;
        }

        Assert.True(expected.GetType() == actual.GetType(), $"{path}: {expected.GetType()} became {actual.GetType()}");
        if (expected is IEnumerable some)
        {
            object?[] left = [.. some.Cast<object?>()], right = [.. ((IEnumerable)actual).Cast<object?>()];
            Assert.True(left.Length == right.Length, $"{path}: {left.Length} items became {right.Length}");
            for (var i = 0; i < left.Length; i++) AssertSame(left[i], right[i], $"{path}[{i}]");
            return;
        }

        var parts = Parts(expected.GetType());
        if (parts.Length == 0) Assert.True(expected.Equals(actual), $"{path}: {expected} became {actual}");
        foreach (var part in parts)
        {
            AssertSame(part.GetValue(expected), part.GetValue(actual), $"{path}.{part.Name}");
        }
    }

    private static Type[] Concrete<T>() =>
        [.. typeof(T).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(T)) && !type.IsAbstract)
            .OrderBy(type => type.Name, StringComparer.Ordinal)];

    private static bool IsSequence(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Sequence<>);

    // What a record's constructor takes is what it consists of.
    private static PropertyInfo[] Parts(Type type) =>
        type.IsEnum || type == typeof(Guid) || type == typeof(UInt128) ? [] :
        [.. Constructor(type).GetParameters().Select(parameter => type.GetProperty(parameter.Name!,
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.IgnoreCase)!)];

    private static ConstructorInfo Constructor(Type type) =>
        type.GetConstructors().MaxBy(constructor => constructor.GetParameters().Length)!;

    private object? Simple(Type type)
    {
        if (type == typeof(bool)) return !Sparse || _random.Next(2) == 0;
        if (type == typeof(string)) return Rare() ? "" : Name();
        if (type == typeof(int)) return Rare() ? 0 : _random.Next(4) == 0 ? int.MinValue + Nat() : 1 + Nat();
        if (type == typeof(long)) return Rare() ? 0L : _random.Next(4) == 0 ? -1L - Nat() : _random.NextInt64() | 1;
        if (type == typeof(Guid)) return Rare() ? Guid.Empty : new Guid(Bytes(16));
        if (type == typeof(UInt128)) return Rare() ? UInt128.Zero : new UInt128((ulong)_random.NextInt64(), 1);
        return null;
    }

    private object MakeRecord(Type type)
    {
        var constructor = Constructor(type);
        var nullability = new NullabilityInfoContext();
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter =>
        {
            var nullable = nullability.Create(parameter).ReadState == NullabilityState.Nullable;
            if (nullable && _random.Next(3) == 0 && Sparse) return null;
            return Make(Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType);
        })]);
    }

    private object MakeSequence(Type type)
    {
        var item = type.GetGenericArguments()[0];
        var items = Array.CreateInstance(item, Sparse ? _random.Next(4) : 2);
        for (var i = 0; i < items.Length; i++) items.SetValue(Make(item), i);
        return typeof(Sequence).GetMethod(nameof(Sequence.ToSequence))!.MakeGenericMethod(item).Invoke(null, [items])!;
    }

    private ImmutableSortedDictionary<SiloId, Row> Rows()
    {
        var rows = ImmutableSortedDictionary<SiloId, Row>.Empty;
        foreach (var row in Make<Sequence<Row>>()) rows = rows.SetItem(row.Silo, row);
        return rows;
    }

    private ImmutableSortedDictionary<Nonce, Sequence<long>> Committed()
    {
        var committed = ImmutableSortedDictionary<Nonce, Sequence<long>>.Empty;
        foreach (var id in Make<Sequence<RequestId>>()) committed = committed.SetItem(id.By, Make<Sequence<long>>());
        return committed;
    }

    private T Any<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

    private bool Rare() => Sparse && _random.Next(5) == 0;

    private int Nat() => _random.Next(1 << _random.Next(1, 31));

    private string Name() => _random.Next(10) switch
    {
        0 => "żółć-😀",
        1 => new string('n', 255),
        _ => $"orleans-{_random.Next(100)}.orleans.default.svc",
    };

    private byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }
}
