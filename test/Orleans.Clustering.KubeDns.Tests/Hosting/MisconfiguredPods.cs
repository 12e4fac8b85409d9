using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using KubeDns.Local.Model;
using KubeDns.Local.Server;
using Orleans.Clustering.KubeDns.Node;
using Xunit;

namespace Orleans.Clustering.KubeDns.Tests.Hosting;

/// <summary>
/// What a pod showed after a mistake: until it complained, or until its start ended. Texts are as in the golden files:
/// <c>@</c> stands for its own address, <c>#</c> for that with dashes, <c>~</c> for the neighbour's, <c>%</c> for the
/// DNS server's, <c>N</c> for seconds, and its files are in <c>/etc</c>.
/// </summary>
internal sealed record Complaint(Exception? Fault, LogLine? Told, string Text)
{
    public NodeStatus? Status { get; init; }

    public (HttpStatusCode Code, string Body) Startup { get; init; }

    public string Statusz { get; init; } = "";

    public IReadOnlyList<LogLine> Log { get; init; } = [];

    public NodeStatus? Neighbour { get; init; }

    /// <summary>What the neighbour told of the same matter.</summary>
    public LogLine? NeighbourTold { get; init; }
}

/// <summary>
/// Starts a silo for each mistake, all at once because each has to last some seconds before it is complained of, and
/// keeps what they said.
/// </summary>
public sealed class MisconfiguredPods : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly ConcurrentDictionary<string, Complaint> _complaints = new();

    internal Complaint this[string code] => _complaints[code];

    public Task InitializeAsync() => Task.WhenAll(Mistake.All.Select(WatchAsync));

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>The node's own complaint, not what it says while it waits.</summary>
    internal static bool Tells(LogLine line, string code) =>
        line.Category.EndsWith("ReplicaNode") && Regex.IsMatch(line.Text, $"^([A-Za-z]+: )?{code}: ");

    private async Task WatchAsync(Mistake mistake)
    {
        await using var dns = await LocalDnsServer.StartAsync();
        await using var neighbour = mistake.IsBesideAnother ? await HealthyAsync(dns, mistake) : null;
        await using var pod = new Pod(
            dns, Pod.NewAddress(), mistake.Hosts ?? $"{mistake.Name}.{Pod.Service} {mistake.Name}", mistake.Search,
            configure: mistake.Configure, clusterId: mistake.ClusterId);
        string Plain(string text) => Golden(text, pod, neighbour, dns);
        mistake.Publish(dns.Cluster, pod.Address);
        var told = pod.Log.NextAsync(line => Tells(line, mistake.Code), Patience);
        var starting = pod.StartAsync();

        // A start that succeeds tells nothing of the mistake; one that fails does.
        if (await Task.WhenAny(told, starting) == starting && starting.IsFaulted)
        {
            var fault = await Record.ExceptionAsync(() => starting);
            _complaints[mistake.Code] = new(fault, null, Plain(fault!.Message));
            return;
        }

        var line = await told;
        var others = mistake.OtherSaysSo
            ? await neighbour!.Log.NextAsync(each => Tells(each, mistake.Code), Patience) : null;
        _complaints[mistake.Code] = new(null, line, Plain(line.Text))
        {
            Status = pod.Status,
            Startup = await pod.GetAsync("/startupz"),
            Statusz = (await pod.GetAsync("/statusz")).Body,
            Log = [.. pod.Log.All],
            Neighbour = neighbour?.Status,
            NeighbourTold = others,
        };
    }

    internal static string Golden(string text, Pod pod, Pod? neighbour, LocalDnsServer dns)
    {
        text = text.Replace(pod.Folder, "/etc").Replace($"{dns.EndPoint}", "%").Replace($"{pod.Address}", "@")
            .Replace($"{pod.Address}".Replace('.', '-'), "#");
        text = neighbour is null ? text : text.Replace($"{neighbour.Address}", "~");
        return Regex.Replace(text, @"for \d+ s now", "for N s now");
    }

    internal static async Task<Pod> HealthyAsync(LocalDnsServer dns, Mistake mistake)
    {
        dns.Cluster.AddService(Pod.Headless());
        var pod = Pod.Listed(dns, "silo-0", mistake.ConfigureOther);
        await pod.StartAsync();
        return pod;
    }
}
