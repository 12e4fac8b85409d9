using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Writes fields: a tag, a length, and so many bytes. Tags ascend within an object; a field at its default (0, empty,
/// none) is left out, so that equal values have equal bytes; an optional field is left out only when it is null.
/// </summary>
internal sealed class WireWriter(WireLimits limits)
{
    private byte[] _bytes = new byte[256];
    private int _length;
    private int _items;

    public byte[] ToArray() => _bytes[.._length];

    /// <summary>A number without tag or length, for what comes first in a frame or a union.</summary>
    public void Raw(ulong value)
    {
        Reserve(10);
        for (; value >= 0x80; value >>= 7) _bytes[_length++] = (byte)(value | 0x80);
        _bytes[_length++] = (byte)value;
    }

    /// <summary>As <see cref="Raw"/>, and short for small ones of either sign: 0, -1, 1 … become 0, 1, 2 ….</summary>
    public void Signed(long value) => Raw((ulong)(value << 1) ^ (ulong)(value >> 63));

    /// <summary>A name without a tag: how many of its first bytes are another's, and the rest.</summary>
    public void TextAfter(string before, string value)
    {
        var start = _length;
        Put(value);
        var bytes = _bytes[start.._length];
        _length = start;
        var shared = bytes.AsSpan().CommonPrefixLength(Encoding.UTF8.GetBytes(before));
        Raw((ulong)shared);
        Raw((ulong)(bytes.Length - shared));
        Reserve(bytes.Length);
        bytes.AsSpan(shared).CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length - shared;
    }

    public WireWriter Long(int tag, long value)
    {
        if (value == 0) return this;
        var start = Open(tag);
        Signed(value);
        return Close(start);
    }

    public WireWriter Bool(int tag, bool value) => Long(tag, value ? 1 : 0);

    public WireWriter Text(int tag, string value) => value.Length == 0 ? this : OptionalText(tag, value);

    public WireWriter OptionalText(int tag, string? value)
    {
        if (value is null) return this;
        var start = Open(tag);
        Put(value);
        return Close(start);
    }

    public WireWriter Nonce(int tag, Nonce value)
    {
        if (value.IsNone) return this;
        var start = Open(tag);
        Reserve(16);
        BinaryPrimitives.WriteUInt128BigEndian(_bytes.AsSpan(_length), value.Value);
        _length += 16;
        return Close(start);
    }

    public WireWriter Guid(int tag, Guid value)
    {
        if (value == default) return this;
        var start = Open(tag);
        Reserve(16);
        value.TryWriteBytes(_bytes.AsSpan(_length), bigEndian: true, out _);
        _length += 16;
        return Close(start);
    }

    /// <summary>An object, left out where it has nothing to say.</summary>
    public WireWriter Object<T>(int tag, Shape<T> shape, T value)
    {
        var before = _length;
        var start = Open(tag);
        shape.Write(this, value);
        if (_length > start) return Close(start);
        _length = before;
        return this;
    }

    public WireWriter Optional<T>(int tag, Shape<T> shape, T? value) where T : class =>
        value is null ? this : Whole(tag, shape, value);

    public WireWriter OptionalValue<T>(int tag, Shape<T> shape, T? value) where T : struct =>
        value is not { } present ? this : Whole(tag, shape, present);

    public WireWriter List<T>(int tag, Shape<T> shape, IReadOnlyCollection<T> items) =>
        items.Count == 0 ? this : OptionalList(tag, shape, items);

    public WireWriter OptionalList<T>(int tag, Shape<T> shape, IReadOnlyCollection<T>? items)
    {
        if (items is null) return this;
        Count(items.Count);
        var start = Open(tag);
        foreach (var item in items)
        {
            var itemStart = OpenItem();
            shape.Write(this, item);
            Close(itemStart);
        }

        return Close(start);
    }

    public WireWriter Longs(int tag, Sequence<long> values)
    {
        if (values.Count == 0) return this;
        Count(values.Count);
        var start = Open(tag);
        foreach (var value in values) Signed(value);
        return Close(start);
    }

    /// <summary>Holds a list's items, which the caller writes one by one, against what a message may hold.</summary>
    public void Count(int items)
    {
        _items += items;
        if (items > limits.MaxItems) throw new WireFormatException($"A list of {items} exceeds {limits.MaxItems}.");
        if (_items > limits.MaxItemsInAll)
        {
            throw new WireFormatException($"Lists of more than {limits.MaxItemsInAll} items in all.");
        }
    }

    private WireWriter Whole<T>(int tag, Shape<T> shape, T value)
    {
        var start = Open(tag);
        shape.Write(this, value);
        return Close(start);
    }

    private void Put(string text)
    {
        if (text.Length > limits.MaxText)
        {
            throw new WireFormatException($"A name of {text.Length} characters exceeds {limits.MaxText}.");
        }

        Reserve(3 * text.Length);
        if (Utf8.FromUtf16(text, _bytes.AsSpan(_length), out _, out var written, false) != OperationStatus.Done)
        {
            throw new WireFormatException("A name is not valid Unicode.");
        }

        _length += written;
    }

    private int Open(int tag)
    {
        Raw((ulong)tag);
        return OpenItem();
    }

    // The length is known only afterwards. One byte is kept for it; a longer one moves the content.
    private int OpenItem()
    {
        Reserve(1);
        return ++_length;
    }

    private WireWriter Close(int start)
    {
        var length = _length - start;
        if (length < 0x80)
        {
            _bytes[start - 1] = (byte)length;
            return this;
        }

        var extra = 0;
        for (var rest = length >> 7; rest > 0; rest >>= 7) extra++;
        Reserve(extra);
        _bytes.AsSpan(start, length).CopyTo(_bytes.AsSpan(start + extra));
        _length = start - 1;
        Raw((ulong)length);
        _length += length;
        return this;
    }

    // Called before anything is written, so also the place where the size of the whole is bounded.
    private void Reserve(int more)
    {
        if (_length > limits.MaxBytes) throw new WireFormatException($"A message exceeds {limits.MaxBytes} bytes.");
        // Room for a length's bytes too, since closing a field rewrites its length ahead of the content.
        var needed = _length + more + 10;
        if (needed > _bytes.Length) Array.Resize(ref _bytes, Math.Max(needed, 2 * _bytes.Length));
    }
}
