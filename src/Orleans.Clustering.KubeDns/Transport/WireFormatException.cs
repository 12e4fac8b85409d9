namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// Bytes that are no message of ours, or a message that does not fit the wire. The one exception of the codec.
/// <c>ForeignVersion</c> is set where the bytes name another protocol version, and then nothing else was looked at.
/// </summary>
internal sealed class WireFormatException(string message, int? foreignVersion = null) : Exception(message)
{
    public int? ForeignVersion { get; } = foreignVersion;
}
