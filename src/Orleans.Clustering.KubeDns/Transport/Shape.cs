namespace Orleans.Clustering.KubeDns.Transport;

internal delegate T ReadFields<out T>(ref WireReader reader);

/// <summary>
/// How one type is written and read: the two lambdas stand one above the other, so that a field is a piece in each.
/// A new field takes the next tag; a tag is never used again for something else.
/// </summary>
internal sealed record Shape<T>(Action<WireWriter, T> Write, ReadFields<T> Read);

/// <summary>One of several kinds of <typeparamref name="T"/>: a kind's number, then its fields.</summary>
internal sealed class Union<T> where T : class
{
    private readonly Dictionary<Type, (ulong Kind, Action<WireWriter, T> Write)> _writers = [];
    private readonly Dictionary<ulong, ReadFields<T>> _readers = [];

    public Union() => Shape = new Shape<T>(Write, Read);

    public Shape<T> Shape { get; }

    /// <summary>The kinds that can be written.</summary>
    public IReadOnlyCollection<Type> Kinds => _writers.Keys;

    public Union<T> Kind<TKind>(ulong kind, Action<WireWriter, TKind> write, ReadFields<TKind> read)
        where TKind : class, T
    {
        _writers.Add(typeof(TKind), (kind, (writer, value) => write(writer, (TKind)value)));
        _readers.Add(kind, read);
        return this;
    }

    private void Write(WireWriter writer, T value)
    {
        if (!_writers.TryGetValue(value.GetType(), out var known))
        {
            throw new WireFormatException($"{value.GetType().Name} is no {typeof(T).Name} of this protocol version.");
        }

        writer.Raw(known.Kind);
        known.Write(writer, value);
    }

    private T Read(ref WireReader reader)
    {
        var kind = reader.Raw();
        return _readers.TryGetValue(kind, out var read)
            ? read(ref reader)
            : throw new WireFormatException($"There is no {typeof(T).Name} of kind {kind}.");
    }
}
