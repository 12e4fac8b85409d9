using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Doctor;
using Orleans.Clustering.KubeDns.Tests.Hosting;
using Orleans.Hosting;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Doctor;

/// <summary>What the doctor said of a pod, and the same text as in the golden files.</summary>
internal sealed record Examined(KubeDnsDoctorReport Report, string Text);

/// <summary>Sends the doctor into a pod for each mistake, all at once because it waits some seconds in each.</summary>
public sealed partial class ExaminedPods : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, Examined> _examined = new();

    internal Examined this[string name] => _examined[name];

    public Task InitializeAsync() => Task.WhenAll(DoctorCase.All.Select(ExamineAsync));

    public Task DisposeAsync() => Task.CompletedTask;

    private async Task ExamineAsync(DoctorCase each)
    {
        var mistake = each.Mistake;
        await using var dns = await LocalDnsServer.StartAsync();
        await using var neighbour = mistake.IsBesideAnother
            ? await MisconfiguredPods.HealthyAsync(dns, mistake) : null;
        await using var pod = new Pod(
            dns, Pod.NewAddress(), mistake.Hosts ?? $"{mistake.Name}.{Pod.Service} {mistake.Name}", mistake.Search,
            configure: mistake.Configure, clusterId: mistake.ClusterId);
        mistake.Publish(dns.Cluster, pod.Address);
        await using var beside = each.Beside is { } start ? await start(pod) : null;

        var report = await KubeDnsDoctor.ExamineAsync(pod.Host.Services);

        var text = MisconfiguredPods.Golden(report.ToText(), pod, neighbour, dns);
        _examined[each.Name] = new Examined(report, Steady(text)
            .Replace($"{DoctorCase.OfAnother}", "&").Replace(System.Net.Dns.GetHostName(), "HOST"));
    }

    // What differs from run to run: times, identities, and the sizes of answers that hold addresses.
    private static string Steady(string text) => Lineages().Replace(
        Bytes().Replace(Seconds().Replace(text, "for N s"), "N bytes"), "lineage L");

    [GeneratedRegex(@"for \d+ s(?= now|$)", RegexOptions.Multiline)]
    private static partial Regex Seconds();

    [GeneratedRegex(@"\d+ bytes")]
    private static partial Regex Bytes();

    [GeneratedRegex("lineage [0-9a-f-]{36}")]
    private static partial Regex Lineages();
}
