namespace Orleans.Clustering.KubeDns.Discovery;

/// <summary>
/// A small file that may change under us. It is read whole at each use and parsed only when its text changed: time
/// stamps lie for the links through which Kubernetes swaps files, and a kilobyte costs nothing.
/// </summary>
internal sealed class WatchedFile<T>(string path, Func<string, T> parse)
    where T : class
{
    private readonly Lock _lock = new();
    private string? _text;
    private T? _value;

    public string Path { get; } = path;

    /// <summary>The present content; the last one while the file cannot be read; null if it never could.</summary>
    public T? Read()
    {
        var text = TryRead();
        lock (_lock)
        {
            if (text is not null && text != _text)
            {
                _value = parse(text);
                _text = text;
            }

            return _value;
        }
    }

    private string? TryRead()
    {
        try
        {
            return File.ReadAllText(Path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
