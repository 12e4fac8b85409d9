using System.Globalization;

namespace Orleans.Clustering.KubeDns.Table;

/// <summary>
/// The table's etag and compare-and-swap token: which table, in which life of it, at which version. Two tags are equal
/// only when the contents are.
/// </summary>
internal readonly record struct TableTag(Guid Lineage, Epoch Epoch, int Version)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Lineage:N}.{Epoch.Number}.{Epoch.By}.{Version}");

    /// <summary>Reads what <see cref="ToString"/> wrote; anything else is a tag that equals none.</summary>
    public static TableTag? Parse(string? text)
    {
        var parts = text?.Split('.');
        if (parts is not { Length: 4 } || !Guid.TryParseExact(parts[0], "N", out var lineage)) return null;
        return RowTag.Parse(string.Join('.', parts[1..])) is { } rest
            ? new TableTag(lineage, rest.Epoch, rest.Version)
            : null;
    }
}

/// <summary>A row's etag: the epoch, and the version that last wrote the row.</summary>
internal readonly record struct RowTag(Epoch Epoch, int Version)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Epoch.Number}.{Epoch.By}.{Version}");

    /// <summary>Reads what <see cref="ToString"/> wrote; anything else is a tag that equals none.</summary>
    public static RowTag? Parse(string? text)
    {
        var parts = text?.Split('.');
        if (parts is not { Length: 3 }) return null;
        var culture = CultureInfo.InvariantCulture;
        return int.TryParse(parts[0], NumberStyles.None, culture, out var number)
            && UInt128.TryParse(parts[1], NumberStyles.AllowHexSpecifier, culture, out var by)
            && int.TryParse(parts[2], NumberStyles.None, culture, out var version)
            ? new RowTag(new Epoch(number, new Nonce(by)), version)
            : null;
    }
}
