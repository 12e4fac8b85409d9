using Orleans.Clustering.KubeDns.Consensus;

namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Envelopes as bytes: the protocol version, then tagged fields. Fields that this version does not know are skipped;
/// equal envelopes have equal bytes. Throws <see cref="WireFormatException"/> and nothing else.
/// </summary>
internal sealed class WireCodec(WireLimits limits)
{
    /// <summary>Changes only when a reader could not do without what it does not know.</summary>
    public const byte Version = 1;

    public WireLimits Limits => limits;

    public byte[] Encode(Envelope envelope)
    {
        var writer = new WireWriter(limits);
        writer.Raw(Version);
        MessageShapes.EnvelopeShape.Write(writer, envelope);
        var bytes = writer.ToArray();
        return bytes.Length <= limits.MaxBytes
            ? bytes
            : throw new WireFormatException($"A message of {bytes.Length} bytes exceeds {limits.MaxBytes}.");
    }

    public Envelope Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) throw new WireFormatException("A message is empty.");
        if (bytes.Length > limits.MaxBytes)
        {
            throw new WireFormatException($"A message exceeds {limits.MaxBytes} bytes.");
        }

        if (bytes[0] != Version)
        {
            throw new WireFormatException(TransportTexts.WrongVersion("The sender", bytes[0]), bytes[0]);
        }

        return WireReader.Whole(bytes[1..], MessageShapes.EnvelopeShape, new WireReader.Budget(limits));
    }
}
