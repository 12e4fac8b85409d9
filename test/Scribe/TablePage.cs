namespace Scribe;

/// <summary>A silo's row; <c>Mark</c> is what was written last by an order.</summary>
internal sealed record PageRow(string Silo, string Status, int Mark, string Etag, string Votes);

/// <summary>The table, as one silo was told of it when it asked.</summary>
internal sealed record TablePage(string Silo, string Etag, IReadOnlyList<PageRow> Rows);

/// <summary>A mark for the silo's own row, if the table is still as it was read under this etag.</summary>
internal sealed record Order(string Etag, int Mark);

/// <summary>What became of an order.</summary>
internal sealed record Receipt(bool Won);
