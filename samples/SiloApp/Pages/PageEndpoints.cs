using System.Security.Cryptography;
using System.Text;

namespace SiloApp.Pages;

/// <summary>
/// <c>/</c>, the part of it that changes as <c>/fragment</c>, and the same as <c>/overview</c> for programs.
/// </summary>
internal static class PageEndpoints
{
    private const string HtmlType = "text/html; charset=utf-8";

    public static void MapPage(this IEndpointRouteBuilder app)
    {
        app.MapGet("/", async (HttpContext http, OverviewSource source) =>
        {
            Guard(http.Response.Headers);
            return Results.Text(ClusterPage.Render(await source.ReadAsync()), HtmlType);
        });
        app.MapGet("/fragment", async (HttpContext http, OverviewSource source) =>
        {
            Guard(http.Response.Headers);
            return Unless(http.Request, Fragment.Of(await source.ReadAsync()).ToString());
        });
        app.MapGet("/overview", async (OverviewSource source) => OverviewReport.Of(await source.ReadAsync()));
    }

    private static void Guard(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ClusterPage.Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
    }

    // Of hundreds of silos the text is long, and mostly the one that the browser has already.
    private static IResult Unless(HttpRequest request, string text)
    {
        var tag = $"\"{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}\"";
        request.HttpContext.Response.Headers.ETag = tag;
        return request.Headers.IfNoneMatch == tag
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Text(text, HtmlType);
    }
}
