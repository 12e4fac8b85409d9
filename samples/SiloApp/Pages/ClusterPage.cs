using System.Text;
using System.Text.Encodings.Web;

namespace SiloApp.Pages;

/// <summary>The page at <c>/</c>: who I am, and whom I see. It reloads itself.</summary>
internal static class ClusterPage
{
    public static string Render(ClusterReport report)
    {
        var rows = new StringBuilder();
        foreach (var member in report.Members)
        {
            var mine = member.Silo == report.Self.Silo ? " class=\"me\"" : "";
            rows.Append($"<tr{mine}><td>{Text(member.Name)}</td><td>{Text(member.Silo)}</td>")
                .Append($"<td class=\"{Text(member.Status)}\">{Text(member.Status)}</td></tr>\n");
        }

        return $$"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="2">
            <title>{{Text(report.Self.Name)}}</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 50rem; padding: 0 1rem; }
            table { border-collapse: collapse; width: 100%; }
            th, td { border-bottom: 1px solid #ccc; padding: .3rem .6rem; text-align: left; }
            .me { font-weight: bold; }
            .Active { color: #06722f; }
            .Dead { color: #777; }
            </style>
            </head>
            <body>
            <h1>{{Text(report.Self.Name)}}</h1>
            <p>I am <code>{{Text(report.Self.Silo)}}</code> on <code>{{Text(report.Self.HostName)}}</code>,
            in cluster <code>{{Text(report.Self.ClusterId)}}</code>.
            This is what I see, at version {{report.Version}}.</p>
            <table>
            <tr><th>Name</th><th>Silo</th><th>Status</th></tr>
            {{rows}}</table>
            <p>As JSON: <a href="/cluster">/cluster</a> (my view), <a href="/table">/table</a> (the table's rows),
            <a href="/call?silo={{Uri.EscapeDataString(report.Self.Silo)}}">/call?silo=…</a> (its grain).</p>
            </body>
            </html>
            """;
    }

    private static string Text(string value) => HtmlEncoder.Default.Encode(value);
}
