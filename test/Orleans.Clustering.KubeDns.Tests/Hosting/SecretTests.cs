using System.Security.Cryptography;
using System.Text;
using KubeDns.Local.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Runtime;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>The shared secret is nowhere to be read but in its file.</summary>
public sealed class SecretTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("secret-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Neither_log_nor_status_nor_options_show_a_secret_or_where_it_lies()
    {
        var (current, previous) = (NewSecret("current"), NewSecret("previous"));
        await using var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        await using var first = NewPod(dns, "silo-0");
        await using var second = NewPod(dns, "silo-1");
        await Task.WhenAll(first.StartAsync(), second.StartAsync());
        Assert.Equal(first.Status.Lineage, second.Status.Lineage);

        var printed = new List<string>();
        foreach (var pod in new[] { first, second })
        {
            printed.AddRange(pod.Log.All.Select(line => line.Text));
            foreach (var path in new[] { "/statusz", "/startupz", "/livez", "/readyz" })
                printed.Add((await pod.GetAsync(path)).Body);
            foreach (var formatter in pod.Host.Services.GetServices<IOptionFormatter>())
                printed.AddRange(formatter.Format());
        }

        // That there is something to hide in: all levels were kept, and Orleans printed these options.
        Assert.Contains(first.Log.All, line => line.Level <= LogLevel.Debug);
        Assert.Contains(printed, text => text.Contains(nameof(KubeDnsClusteringOptions.SecretFile)));
        foreach (var hidden in Spellings(current).Concat(Spellings(previous)).Append(_folder.Name))
            Assert.DoesNotContain(printed, text => text.Contains(hidden, StringComparison.OrdinalIgnoreCase));
    }

    private Pod NewPod(LocalDnsServer dns, string name) => Pod.Listed(
        dns, name, options =>
            (options.SecretFile, options.PreviousSecretFile) = (FileOf("current"), FileOf("previous")),
        LogLevel.Trace);

    private byte[] NewSecret(string name)
    {
        var secret = Encoding.ASCII.GetBytes($"{name}-{Convert.ToHexString(RandomNumberGenerator.GetBytes(20))}");
        File.WriteAllBytes(FileOf(name), secret);
        return secret;
    }

    private string FileOf(string name) => Path.Combine(_folder.FullName, name);

    private static IEnumerable<string> Spellings(byte[] secret) =>
    [
        Encoding.ASCII.GetString(secret),
        Convert.ToHexString(secret),
        Convert.ToBase64String(secret).TrimEnd('='),
    ];
}
