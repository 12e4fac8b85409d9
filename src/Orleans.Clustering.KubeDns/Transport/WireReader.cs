using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Reads what <see cref="WireWriter"/> wrote, asked for ascending tags; fields it is not asked for are skipped. Bytes
/// may be hostile: every length is held against what is there before anything is allocated for it, and what the writer
/// would have written otherwise (a padded number, a default written out) is refused, so that equal values have equal
/// bytes.
/// </summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes, WireReader.Budget budget)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private ReadOnlySpan<byte> _field;
    private ulong _tag;
    private bool _pending;

    /// <summary>What one message may hold, shared by the readers of its parts.</summary>
    internal sealed class Budget(WireLimits limits)
    {
        private int _items;

        public WireLimits Limits => limits;

        public void Count(int inList)
        {
            if (inList > limits.MaxItems) throw new WireFormatException($"A list exceeds {limits.MaxItems} items.");
            if (++_items > limits.MaxItemsInAll)
            {
                throw new WireFormatException($"Lists of more than {limits.MaxItemsInAll} items in all.");
            }
        }
    }

    /// <summary>Reads one object that fills <paramref name="bytes"/>, with unknown fields at its end.</summary>
    public static T Whole<T>(ReadOnlySpan<byte> bytes, Shape<T> shape, Budget budget)
    {
        var reader = new WireReader(bytes, budget);
        var value = shape.Read(ref reader);
        reader.SkipRest();
        return value;
    }

    public ulong Raw()
    {
        ulong value = 0;
        for (var i = 0; i < _rest.Length && i < 10; i++)
        {
            var part = _rest[i];
            if (i == 9 && part > 1) break;
            value |= (ulong)(part & 0x7F) << (7 * i);
            if (part >= 0x80) continue;
            if (part == 0 && i > 0) throw new WireFormatException("A number is padded.");
            _rest = _rest[(i + 1)..];
            return value;
        }

        throw new WireFormatException("A number is cut off or too long.");
    }

    public long Signed()
    {
        var value = Raw();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A number of 32 bits, by what it differs from the one before.</summary>
    public int SignedAfter(int before)
    {
        var value = before + (Int128)Signed();
        return value >= int.MinValue && value <= int.MaxValue
            ? (int)value
            : throw new WireFormatException("A number exceeds 32 bits.");
    }

    /// <summary>Reads what <see cref="WireWriter.TextAfter"/> wrote.</summary>
    public string TextAfter(string before)
    {
        Span<byte> name = stackalloc byte[4 * byte.MaxValue];
        var known = Encoding.UTF8.GetBytes(before, name);
        var shared = Raw();
        var rest = Take();
        if (shared > (ulong)known) throw new WireFormatException("A name shares more than there is.");
        if (rest.IsEmpty && (int)shared == known) return before;
        if (rest.Length > name.Length - (int)shared) throw new WireFormatException("A name is too long.");
        if (!rest.IsEmpty && (int)shared < known && rest[0] == name[(int)shared])
        {
            throw new WireFormatException("A name repeats what it shares.");
        }

        rest.CopyTo(name[(int)shared..]);
        return Decode(name[..((int)shared + rest.Length)]);
    }

    /// <summary>Whether another item of an untagged list follows; it is counted then.</summary>
    public readonly bool StartItem(int before)
    {
        if (_rest.IsEmpty) return false;
        budget.Count(before + 1);
        return true;
    }

    public long Long(int tag)
    {
        if (!Find(tag)) return 0;
        var number = new WireReader(_field, budget);
        var value = number.Signed();
        if (value == 0 || number._rest.Length > 0) throw new WireFormatException("A number is not as we write it.");
        return value;
    }

    public int Int(int tag)
    {
        var value = Long(tag);
        return value is >= int.MinValue and <= int.MaxValue
            ? (int)value
            : throw new WireFormatException("A number exceeds 32 bits.");
    }

    public bool Bool(int tag) => Long(tag) switch
    {
        0 => false,
        1 => true,
        _ => throw new WireFormatException("A flag is neither 0 nor 1."),
    };

    public T Enum<T>(int tag, Func<long, T> cast) where T : struct, Enum
    {
        var number = Long(tag);
        return number is >= 0 and <= byte.MaxValue && System.Enum.IsDefined(cast(number))
            ? cast(number)
            : throw new WireFormatException($"There is no {typeof(T).Name} {number}.");
    }

    public string Text(int tag) => OptionalText(tag) switch
    {
        null => "",
        "" => throw new WireFormatException("An empty name is written out."),
        var text => text,
    };

    public string? OptionalText(int tag) => Find(tag) ? Decode(_field) : null;

    public Nonce Nonce(int tag) =>
        Find(tag) ? new Nonce(BinaryPrimitives.ReadUInt128BigEndian(Sixteen())) : default;

    public Guid Guid(int tag) => Find(tag) ? new Guid(Sixteen(), bigEndian: true) : default;

    public T Object<T>(int tag, Shape<T> shape)
    {
        if (!Find(tag)) return Whole(default, shape, budget);
        if (_field.IsEmpty) throw new WireFormatException("An empty object is written out.");
        return Whole(_field, shape, budget);
    }

    public T? Optional<T>(int tag, Shape<T> shape) where T : class => Find(tag) ? Whole(_field, shape, budget) : null;

    public T? OptionalValue<T>(int tag, Shape<T> shape) where T : struct =>
        Find(tag) ? Whole(_field, shape, budget) : null;

    public Sequence<T> List<T>(int tag, Shape<T> shape)
    {
        if (OptionalList(tag, shape) is not { } items) return default;
        return items.Count > 0 ? items : throw new WireFormatException("An empty list is written out.");
    }

    public Sequence<T>? OptionalList<T>(int tag, Shape<T> shape)
    {
        if (!Find(tag)) return null;
        var items = ImmutableArray.CreateBuilder<T>();
        var list = new WireReader(_field, budget);
        while (list._rest.Length > 0)
        {
            budget.Count(items.Count + 1);
            items.Add(Whole(list.Take(), shape, budget));
        }

        return new Sequence<T>(items.DrainToImmutable());
    }

    public Sequence<long> Longs(int tag)
    {
        if (!Find(tag)) return default;
        if (_field.IsEmpty) throw new WireFormatException("An empty list is written out.");
        var values = ImmutableArray.CreateBuilder<long>();
        var list = new WireReader(_field, budget);
        while (list._rest.Length > 0)
        {
            budget.Count(values.Count + 1);
            values.Add(list.Signed());
        }

        return new Sequence<long>(values.DrainToImmutable());
    }

    private readonly string Decode(ReadOnlySpan<byte> name)
    {
        if (name.Length > 4 * budget.Limits.MaxText || !Utf8.IsValid(name))
        {
            throw new WireFormatException("A name is too long or not UTF-8.");
        }

        var text = Encoding.UTF8.GetString(name);
        return text.Length <= budget.Limits.MaxText
            ? text
            : throw new WireFormatException($"A name exceeds {budget.Limits.MaxText} characters.");
    }

    private readonly ReadOnlySpan<byte> Sixteen() => _field.Length == 16 && _field.ContainsAnyExcept((byte)0)
        ? _field
        : throw new WireFormatException("An identifier is not 16 bytes, or all zero.");

    // Skips lower tags, which are unknown to whoever asks; leaves a higher one for the next question.
    private bool Find(int tag)
    {
        while (_pending || _rest.Length > 0)
        {
            if (!_pending) Next();
            if (_tag > (ulong)tag) return false;
            _pending = false;
            if (_tag == (ulong)tag) return true;
        }

        return false;
    }

    private void Next()
    {
        var tag = Raw();
        if (tag <= _tag) throw new WireFormatException("Fields are not in ascending order.");
        _tag = tag;
        _field = Take();
        _pending = true;
    }

    private ReadOnlySpan<byte> Take()
    {
        var length = Raw();
        if (length > (ulong)_rest.Length) throw new WireFormatException("A length exceeds what is there.");
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private void SkipRest()
    {
        while (_rest.Length > 0) Next();
    }
}
