using System.Net;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>What was complained of is put right, and neither status nor log goes on about it.</summary>
public sealed class RecoveryTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _secrets = Directory.CreateTempSubdirectory("secrets-");

    public void Dispose() => _secrets.Delete(recursive: true);

    [Fact]
    public async Task Secrets_that_come_to_agree_let_the_silo_join()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        await using var first = Start(dns, "silo-0", Secret("first", "right"));
        await first.StartAsync();
        var file = Secret("second", "wrong");
        await using var second = Start(dns, "silo-1", file);
        var starting = second.StartAsync();
        await second.Log.NextAsync(line => MisconfiguredPods.Tells(line, "KDNS313"), Patience);
        await first.Log.NextAsync(line => MisconfiguredPods.Tells(line, "KDNS313"), Patience);

        await File.WriteAllTextAsync(file, "right");
        await starting;

        Assert.Equal(first.Status.Lineage, second.Status.Lineage);
        await Eventually.HoldsAsync(
            () => first.Status.Complaints.Count + second.Status.Complaints.Count == 0, Patience);
    }

    [Fact]
    public async Task A_name_server_that_answers_over_TCP_again_ends_KDNS307()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        dns.Cluster.Faults = new FaultSpec { Tcp = TransportFault.Closed };
        await using var pod = Start(dns, "silo-0", secretFile: null);
        for (var i = 1; i < 60; i++)
        {
            var other = new IPAddress([127, 254, 9, (byte)i]);
            dns.Cluster.AddPod(PodSpec.OfStatefulSet("test", $"silo-{i}", "orleans", other));
        }

        var starting = pod.StartAsync();
        await pod.Log.NextAsync(line => MisconfiguredPods.Tells(line, "KDNS307"), Patience);
        Assert.Empty(pod.Status.Listed);

        dns.Cluster.Faults = FaultSpec.None;
        // The answer lifts the diagnosis a moment before the loop takes in whom it lists.
        await Eventually.HoldsAsync(() => pod.Status is { Diagnosis.Length: 0, Listed.Count: 60 }, Patience);

        Assert.False(starting.IsCompleted);
    }

    [Fact]
    public async Task A_second_pod_that_is_listed_ends_KDNS308()
    {
        await using var dns = await LocalDnsServer.StartAsync();
        dns.Cluster.AddService(Pod.Headless());
        await using var first = Start(dns, "silo-0", secretFile: null, minimumSilos: 2);
        var starting = first.StartAsync();
        var told = await first.Log.NextAsync(line => MisconfiguredPods.Tells(line, "KDNS308"), Patience);
        Assert.Equal(LogLevel.Warning, told.Level);

        await using var second = Start(dns, "silo-1", secretFile: null, minimumSilos: 2);
        await Task.WhenAll(starting, second.StartAsync());

        Assert.Empty(first.Status.Complaints);
        Assert.DoesNotContain(second.Log.All, line => MisconfiguredPods.Tells(line, "KDNS308"));
    }

    private static Pod Start(LocalDnsServer dns, string name, string? secretFile, int minimumSilos = 1) => Pod.Listed(
        dns, name, options => (options.SecretFile, options.MinimumSilos) = (secretFile, minimumSilos));

    private string Secret(string name, string text)
    {
        var path = Path.Combine(_secrets.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }
}
