using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

namespace Orleans.Clustering.KubeDns.Tests.Readme;

/// <summary>The code that README.md shows, compiled so that it stays true. Nobody calls it.</summary>
internal static class Snippets
{
    public static void Silo(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.UseOrleans(silo => silo.UseKubeDnsClustering(options =>
        {
            options.ServiceName = "orleans";
            options.ReadyServiceName = "orleans-ready";
            options.SecretFile = "/run/secrets/orleans/current";
        }));
        builder.Build().Run();
    }

    public static void Client(string[] args)
    {
        var builder = Host.CreateApplicationBuilder(args);
        builder.UseOrleansClient(client => client.UseKubeDnsClustering(options =>
        {
            options.ServiceName = "orleans-ready";
        }));
        builder.Build().Run();
    }
}
