using System.Globalization;
using Scribe;

namespace Pods.Writes;

/// <summary>Where a table stands in all that ever was, as its etag tells: in which life, at which version.</summary>
internal readonly record struct Place(Guid Lineage, int Epoch, string By, int Version)
{
    /// <summary>Where the next commit leads.</summary>
    public Place Next => this with { Version = Version + 1 };

    /// <exception cref="FormatException">It is no etag of ours.</exception>
    public static Place Parse(string etag) => etag.Split('.') switch
    {
        [var lineage, var epoch, var by, var version] =>
            new Place(Guid.ParseExact(lineage, "N"), Number(epoch), by, Number(version)),
        _ => throw new FormatException($"'{etag}' is no etag of a table."),
    };

    /// <summary>Whether this one is older, within one lineage.</summary>
    public bool IsBefore(Place other) => (Epoch, Version).CompareTo((other.Epoch, other.Version)) < 0;

    public override string ToString() => $"version {Version} of epoch {Epoch}";

    internal static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}

/// <summary>One row; <c>WrittenAt</c> is the version that wrote it last.</summary>
internal sealed record SeenRow(string Status, int Mark, int WrittenAt, string Votes)
{
    public bool IsActive => Status == "Active";

    public bool IsDead => Status == "Dead";
}

/// <summary>A table that a silo was told.</summary>
internal sealed record SeenTable(string To, Place At, IReadOnlyDictionary<string, SeenRow> Rows)
{
    /// <summary>Whether the silo that was told it stands in it as Active.</summary>
    public bool IsOfActive => Rows.GetValueOrDefault(To) is { IsActive: true };

    public int MarkOf(string silo) => Rows.GetValueOrDefault(silo)?.Mark ?? 0;

    public static SeenTable Of(TablePage page) => new(page.Silo, Place.Parse(page.Etag), page.Rows.ToDictionary(
        row => row.Silo,
        row => new SeenRow(row.Status, row.Mark, Place.Number(row.Etag.Split('.')[^1]), row.Votes)));

    public bool IsSameAs(SeenTable other) => Rows.Count == other.Rows.Count
        && Rows.All(row => other.Rows.TryGetValue(row.Key, out var its) && its == row.Value);
}
