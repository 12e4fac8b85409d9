using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

[assembly: HostingStartup(typeof(Scribe.Visit))]

namespace Scribe;

/// <summary>
/// Puts a desk into somebody else's application: GET <c>/scribe</c> reads the membership table as Orleans would, POST
/// <c>/scribe</c> makes a compare-and-swap on this silo's own row. The log tells by whose votes silos are evicted.
/// </summary>
internal sealed class Visit : IHostingStartup, IStartupFilter
{
    public const string Path = "/scribe";

    private const string WhoEvicts = "Orleans.Runtime.MembershipService.MembershipTableManager";

    /// <summary>What a process is to have in its environment so that it gets a desk.</summary>
    public static IReadOnlyDictionary<string, string> Invitation { get; } = new Dictionary<string, string>
    {
        ["DOTNET_STARTUP_HOOKS"] = typeof(Visit).Assembly.Location,
        ["ASPNETCORE_HOSTINGSTARTUPASSEMBLIES"] = typeof(Visit).Assembly.GetName().Name!,
    };

    public void Configure(IWebHostBuilder builder) => builder.ConfigureServices(services => services
        .AddSingleton<Desk>()
        .AddSingleton<IStartupFilter>(this)
        .Configure<LoggerFilterOptions>(log => log.AddFilter(WhoEvicts, LogLevel.Information)));

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(async (http, pass) =>
        {
            if (http.Request.Path != Path) await pass(http);
            else await TryAsync(http, http.RequestServices.GetRequiredService<Desk>());
        });
        next(app);
    };

    // A table that cannot be reached is what faults are for: no news for the application's log.
    private static async Task TryAsync(HttpContext http, Desk desk)
    {
        try
        {
            await AnswerAsync(http, desk);
        }
        catch (Exception failure) when (!http.Response.HasStarted)
        {
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            await http.Response.WriteAsync(failure.Message);
        }
    }

    private static async Task AnswerAsync(HttpContext http, Desk desk)
    {
        if (!desk.IsOpen) http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        else if (HttpMethods.IsGet(http.Request.Method)) await http.Response.WriteAsJsonAsync(await desk.ReadAsync());
        else if (await http.Request.ReadFromJsonAsync<Order>() is { } order)
            await http.Response.WriteAsJsonAsync(new Receipt(await desk.WriteAsync(order)));
    }
}
