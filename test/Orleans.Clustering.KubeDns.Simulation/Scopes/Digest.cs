using System.Collections;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation.Scopes;

/// <summary>
/// 128 bits of everything that an object graph holds, by value: two states with equal digests are one state. Immutable
/// parts are remembered by reference, since states share most of them.
/// </summary>
internal sealed class Digest
{
    private static readonly ConditionalWeakTable<object, StrongBox<UInt128>> Remembered = [];

    private static readonly ConcurrentDictionary<Type, UInt128> Names = new();

    private readonly Dictionary<object, int> _parts = new(ReferenceEqualityComparer.Instance);

    public static UInt128 Of(object? value) => new Digest().Any(value);

    public static UInt128 Mix(UInt128 sum, UInt128 value)
    {
        var (high, low) = ((ulong)(sum >> 64), (ulong)sum);
        low = Scramble(low ^ (ulong)value, 0x9E3779B97F4A7C15) + (ulong)(value >> 64);
        high = Scramble(high + (ulong)(value >> 64), 0xD6E8FEB86659FD93) ^ (ulong)value;
        return new UInt128(Scramble(high ^ (low << 17), 0xC2B2AE3D27D4EB4F), Scramble(low + high, 0x165667B19E3779F9));
    }

    private static ulong Scramble(ulong value, ulong odd)
    {
        value = (value ^ (value >> 31)) * odd;
        return (value ^ (value >> 29)) * 0xBF58476D1CE4E5B9;
    }

    private UInt128 Any(object? value) => value switch
    {
        null => 1,
        string text => Of(MemoryMarshal.AsBytes(text.AsSpan())),
        long number => (UInt128)(Int128)number,
        ulong bits => bits,
        bool or byte or int or Enum => (UInt128)(Int128)Convert.ToInt64(value, null),
        UInt128 wide => wide,
        Guid guid => Of(guid.ToByteArray()),
        Delegate => 2,
        MemberId member => Mix(3, Mix(member.Nonce.Value, Any(member.Fqdn))),
        _ when Machine.IsPart(value.GetType()) => Part(value),
        _ when value.GetType().IsValueType => Content(value),
        _ => Shared(value),
    };

    private UInt128 Shared(object value)
    {
        if (Remembered.TryGetValue(value, out var known)) return known.Value;
        var sum = Content(value);
        if (!IsChanging(value)) Remembered.AddOrUpdate(value, new StrongBox<UInt128>(sum));
        return sum;
    }

    private static bool IsChanging(object value) =>
        value.GetType() is { IsGenericType: true, Namespace: "System.Collections.Generic" };

    private UInt128 Content(object value)
    {
        if (value is IEnumerable items) return Items(items);
        return Fields(value, Names.GetOrAdd(value.GetType(), type => Of(MemoryMarshal.AsBytes(type.Name.AsSpan()))));
    }

    private UInt128 Items(IEnumerable items)
    {
        UInt128 sum = 4;
        foreach (var item in items) sum = Mix(sum, Any(item));
        return sum;
    }

    // Roles know each other: each is counted once, and named by its place after that.
    private UInt128 Part(object part)
    {
        if (_parts.TryGetValue(part, out var place)) return (UInt128)(1000 + place);
        _parts.Add(part, _parts.Count);
        return Fields(part, (UInt128)(2000 + _parts.Count));
    }

    private UInt128 Fields(object value, UInt128 sum)
    {
        foreach (var field in Machine.FieldsOf(value.GetType())) sum = Mix(sum, Any(field.GetValue(value)));
        return sum;
    }

    private static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        UInt128 sum = (UInt128)(5 + bytes.Length);
        foreach (var each in bytes) sum = Mix(sum, each);
        return sum;
    }
}
