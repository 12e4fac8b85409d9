using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace SiloApp.Pages;

/// <summary>
/// A piece of markup. What stands in the braces of an interpolated text is encoded unless it is markup itself, so what
/// the network says cannot become any: who writes a page has nothing to remember.
/// </summary>
[InterpolatedStringHandler]
internal readonly struct Html(int literalLength, int formattedCount)
{
    private const int UsualHole = 16;

    private readonly StringBuilder _text = new(literalLength + (formattedCount * UsualHole));

    public static Html Nothing => $"";

    public static Html Join(IEnumerable<Html> parts)
    {
        Html all = $"";
        foreach (var part in parts) all.AppendFormatted(part);
        return all;
    }

    public void AppendLiteral(string text) => _text.Append(text);

    public void AppendFormatted(Html part) => _text.Append(part._text);

    public void AppendFormatted<T>(T value) =>
        _text.Append(HtmlEncoder.Default.Encode(Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));

    public override string ToString() => _text.ToString();
}
