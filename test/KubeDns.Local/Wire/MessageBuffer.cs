using System.Buffers.Binary;
using System.Text;

namespace KubeDns.Local.Wire;

/// <summary>The bytes of one message under construction; a record that does not fit can be taken back.</summary>
internal sealed class MessageBuffer(bool compress)
{
    // A compression pointer has 14 bits: names further in cannot be pointed at.
    private const int MaximumPointer = 0x3fff;

    private readonly Dictionary<string, int> _names = [];
    private readonly List<string> _namesInOrder = [];
    private readonly byte[] _bytes = new byte[ushort.MaxValue + 1024];

    public int Length { get; private set; }

    public (int Length, int Names) Mark() => (Length, _namesInOrder.Count);

    public void Return((int Length, int Names) mark)
    {
        Length = mark.Length;
        foreach (var name in _namesInOrder.Skip(mark.Names))
        {
            _names.Remove(name);
        }

        _namesInOrder.RemoveRange(mark.Names, _namesInOrder.Count - mark.Names);
    }

    public void UInt16(int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(Length), (ushort)value);
        Length += 2;
    }

    public void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_bytes.AsSpan(Length), value);
        Length += 4;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_bytes.AsSpan(Length));
        Length += value.Length;
    }

    public void PatchUInt16(int at, int value) =>
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(at), (ushort)value);

    /// <summary>
    /// Writes a name. An SRV target is written in full (RFC 2782), yet later names may point into it. Suffixes are
    /// shared only in the same letter case, for the client is to see the case that CoreDNS would show it.
    /// </summary>
    public void Name(DnsName name, bool mayPoint = true)
    {
        var lookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();
        var start = 0;
        foreach (var label in name.Labels)
        {
            var suffix = name.Suffix(start);
            if (lookup.TryGetValue(suffix, out var seen))
            {
                if (compress && mayPoint)
                {
                    UInt16(0xc000 | seen);
                    return;
                }
            }
            else if (Length <= MaximumPointer)
            {
                _namesInOrder.Add(suffix.ToString());
                _names.Add(_namesInOrder[^1], Length);
            }

            Label(label);
            start += label.Length + 1;
        }

        _bytes[Length++] = 0;
    }

    public byte[] ToArray() => _bytes[..Length];

    private void Label(string label)
    {
        _bytes[Length++] = (byte)label.Length;
        Length += Encoding.Latin1.GetBytes(label, _bytes.AsSpan(Length));
    }
}
