namespace Orleans.Clustering.KubeDns.Transport;

/// <summary>
/// What a message may hold. Checked when writing as when reading, so that whatever one silo can send another can read.
/// </summary>
internal sealed record WireLimits
{
    public static readonly WireLimits Default = new();

    /// <summary>Bytes of one encoded envelope: a snapshot of 10,000 rows takes about 2 MiB.</summary>
    public int MaxBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Characters of one name.</summary>
    public int MaxText { get; init; } = 255;

    /// <summary>Items of one list.</summary>
    public int MaxItems { get; init; } = 10_000;

    /// <summary>
    /// Items of all lists together. An item of one byte may become a hundred bytes of memory, so the size of the body
    /// alone does not bound what decoding allocates.
    /// </summary>
    public int MaxItemsInAll { get; init; } = 262_144;
}
