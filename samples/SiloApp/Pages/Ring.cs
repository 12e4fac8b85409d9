using System.Globalization;

namespace SiloApp.Pages;

/// <summary>
/// The silos on a circle, voters joined to their leader. A picture of what the table says in words, so no more than
/// that is told to who cannot see it.
/// </summary>
internal static class Ring
{
    private const double Centre = 160;
    private const double Radius = 112;
    private const double LargestDot = 17;
    private const double Gap = 1.35;

    /// <summary>With more, names would cover each other.</summary>
    private const int MostNamed = 14;

    private sealed record Spot(SiloRow Row, double X, double Y, double Size);

    public static Html Of(Overview overview)
    {
        var spots = Spots(overview.Silos);
        var leader = spots.FirstOrDefault(spot => spot.Row.Leads);
        var lines = leader is null ? [] : spots.Where(spot => spot.Row.Votes && spot != leader)
            .Select(spot => Line(leader, spot));
        var names = spots.Count > MostNamed ? [] : spots.Select(Name);
        return $"""
            <svg class="ring" viewBox="0 0 320 320" role="img" aria-label="The silos in a circle, as in the table">
            <circle class="orbit" cx="{Number(Centre)}" cy="{Number(Centre)}" r="{Number(Radius)}"/>
            {Html.Join(lines)}{Html.Join(spots.Select(Dot))}{Html.Join(names)}</svg>
            """;
    }

    private static List<Spot> Spots(IReadOnlyList<SiloRow> rows)
    {
        var size = Math.Min(LargestDot, Math.PI * Radius / Math.Max(1, rows.Count) / Gap);
        return [.. rows.Select((row, index) =>
        {
            var angle = (2 * Math.PI * index / rows.Count) - (Math.PI / 2);
            return new Spot(row, Centre + (Radius * Math.Cos(angle)), Centre + (Radius * Math.Sin(angle)), size);
        })];
    }

    private static Html Line(Spot from, Spot to) => $"""
        <line class="bond" x1="{Number(from.X)}" y1="{Number(from.Y)}" x2="{Number(to.X)}" y2="{Number(to.Y)}"/>

        """;

    private static Html Dot(Spot spot) => $"""
        <circle class="dot {ClassOf(spot.Row)}" cx="{Number(spot.X)}" cy="{Number(spot.Y)}" r="{Number(spot.Size)}"/>

        """;

    private static string ClassOf(SiloRow row) => row.Status switch
    {
        "Dead" => "over",
        "Active" => row.Leads ? "leads" : row.Votes ? "votes" : "plain",
        _ => "attention",
    };

    // Below the dot, or above it in the upper half.
    private static Html Name(Spot spot)
    {
        var y = spot.Y + (spot.Y < Centre - 1 ? -spot.Size - 7 : spot.Size + 16);
        return $"""
            <text x="{Number(spot.X)}" y="{Number(y)}">{Short(spot.Row.Name)}</text>

            """;
    }

    private static string Short(string name) => name.Length <= 14 ? name : "…" + name[^13..];

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
