using System.Diagnostics;
using Spectre.Console;

namespace Demo;

/// <summary>What the user sees: a line for each change, with the time it was seen. Plain where nobody looks.</summary>
internal sealed class Screen
{
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly IAnsiConsole _console = AnsiConsole.Console;
    private readonly Lock _gate = new();

    public Screen()
    {
        if (Console.IsOutputRedirected)
        {
            // A log has no width; the default of 80 would break lines in their middle.
            _console.Profile.Width = 240;
        }
    }

    public void Heading(string text) => Write($"\n[bold]{Markup.Escape(text)}[/]");

    public void Line(string who, string what, string colour = "default") => Write(
        $"[grey]{_clock.Elapsed.TotalSeconds,6:0.0} s[/]  [{colour}]{Markup.Escape(who),-22}[/] {Markup.Escape(what)}");

    public void Note(string text) => Write(Markup.Escape(text));

    public void Failure(string reason) => Write($"\n[bold red]Failed:[/] {Markup.Escape(reason)}");

    public void Tail(ChildProcess process, int lines)
    {
        Heading($"The end of {process.Log}");
        foreach (var line in process.Tail(lines))
        {
            Note("  " + line);
        }
    }

    public void Summary(IReadOnlyList<StepResult> results)
    {
        var table = new Table().Border(Console.IsOutputRedirected ? TableBorder.Ascii : TableBorder.Rounded)
            .AddColumn("What")
            .AddColumn(new TableColumn("Took").RightAligned())
            .AddColumn(new TableColumn("Limit").RightAligned())
            .AddColumn("Came true");
        foreach (var result in results)
        {
            table.AddRow(
                Markup.Escape(result.Name),
                $"{result.Took.TotalSeconds:0.0} s",
                $"{result.Limit.TotalSeconds:0} s",
                result.CameTrue ? "[green]yes[/]" : "[red]no[/]");
        }

        lock (_gate)
        {
            _console.WriteLine();
            _console.Write(table);
        }
    }

    private void Write(string markup)
    {
        lock (_gate)
        {
            _console.MarkupLine(markup);
        }
    }
}
