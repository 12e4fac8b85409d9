using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace SiloApp.Pages;

/// <summary>
/// The page at <c>/</c>: whole without a script, which only keeps it up to date. Nothing is loaded from elsewhere, and
/// the browser is told to run and show nothing but what stands in the embedded file.
/// </summary>
internal static class ClusterPage
{
    private static readonly string Frame = ReadFrame();

    /// <summary>The header's value: style and script by their hashes.</summary>
    public static string Policy { get; } =
        "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        + $"frame-ancestors 'none'; style-src '{HashOf("style")}'; script-src '{HashOf("script")}'";

    public static string Render(Overview overview)
    {
        var self = overview.View.Self;
        Html header = $"""
            <h1>{self.ClusterId}</h1>
            <p>seen by <strong>{self.Name}</strong> <small>{self.HostName}</small></p>
            """;
        var time = overview.Taken.ToString("HH:mm:ss", CultureInfo.InvariantCulture);

        // In one pass: what is put in is not looked through for further places.
        return string.Concat(Frame.Split("<!--", StringSplitOptions.None).Select((part, index) => index == 0 ? part
            : part.Split("-->", 2) switch
            {
                ["title", var rest] => $"{(Html)$"{self.Name}"}{rest}",
                ["header", var rest] => $"{header}{rest}",
                ["time", var rest] => $"as of {time} UTC{rest}",
                ["main", var rest] => $"{Fragment.Of(overview)}{rest}",
                _ => "<!--" + part,
            }));
    }

    private static string HashOf(string element)
    {
        var start = Frame.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2;
        var text = Frame[start..Frame.IndexOf($"</{element}>", start, StringComparison.Ordinal)];
        return "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static string ReadFrame()
    {
        using var file = Assembly.GetExecutingAssembly().GetManifestResourceStream("page.html")!;
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
