using SiloApp.Pages;

namespace SiloApp;

/// <summary>The application, put together; started by who wants a silo, only asked by who wants to know.</summary>
internal static class SiloHost
{
    public static WebApplicationBuilder Builder(string[] args)
    {
        // The settings file lies beside the program; the working folder may be anywhere, and read-only.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            Args = args,
            ContentRootPath = AppContext.BaseDirectory,
        });

        // Everything about the cluster is configuration: `Orleans:Clustering:ProviderType` = KubeDns finds the
        // provider, and `Orleans:Endpoints`, or else POD_IP, says which address this silo has. It listens on that
        // address only.
        builder.UseOrleans();

        // A silo that stops hands its grains and its vote over first; the host's own 30 s would cut that short.
        builder.Services.Configure<HostOptions>(builder.Configuration.GetSection("Host"));
        builder.Services.AddSingleton<ClusterView>();
        builder.Services.AddSingleton<SiloCalls>();
        builder.Services.AddSingleton(OverviewSource.Of);

        // The page tells what a silo waits for that is not in a cluster yet: it must be there meanwhile, not after.
        builder.Services.Configure<HostOptions>(options => options.ServicesStartConcurrently = true);
        return builder;
    }
}
