using Spectre.Console;

namespace SiloApp.Watch;

/// <summary>A picture as a table; plain where nobody looks.</summary>
internal static class PicturePrint
{
    private const int WidthOfLog = 240;

    public static void Show(Picture picture)
    {
        // A log has no width; the default of 80 would break lines in their middle.
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = WidthOfLog;
        AnsiConsole.Write(Table(picture));
    }

    public static Table Table(Picture picture)
    {
        var table = new Table().Border(Console.IsOutputRedirected ? TableBorder.Ascii : TableBorder.Rounded)
            .AddColumns("silo", "address", "DNS lists it", "as ready", "in the cluster", "seen so by", "votes", "");
        foreach (var row in picture.Rows)
        {
            table.AddRow(
                Markup.Escape(row.Name), row.Address, Mark(row.IsListed), Mark(row.IsReady), Status(row.Status),
                $"{row.SeenBy} of {picture.Answering}", row.Votes ? "yes" : "", Markup.Escape(row.Waiting));
        }

        return table.Caption(picture.IsSettled ? "DNS and all silos agree" : "DNS and the silos do not agree");
    }

    private static string Mark(bool holds) => holds ? "[green]yes[/]" : "[yellow]no[/]";

    private static string Status(string status) => status switch
    {
        "Active" => "[green]Active[/]",
        "" => "[yellow]no[/]",
        _ => $"[yellow]{Markup.Escape(status)}[/]",
    };
}
