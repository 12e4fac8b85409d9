using System.Net;
using SiloApp.Watch;

namespace Demo;

/// <summary>What DNS and every silo said when last asked.</summary>
internal sealed record Sight(
    IReadOnlyDictionary<IPAddress, string> Discovery,
    IReadOnlyDictionary<IPAddress, string> Ready,
    IReadOnlyDictionary<Pod, SiloView> Views)
{
    public static readonly Sight Nothing = new(
        new Dictionary<IPAddress, string>(), new Dictionary<IPAddress, string>(), new Dictionary<Pod, SiloView>());
}

/// <summary>Keeps looking at DNS and at every silo's view, and shows each change once.</summary>
internal sealed class Watcher(Kubelet kubelet, SiloClient client, DnsView dns, Screen screen) : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<Pod, string> _shown = [];
    private string _shownDns = "";
    private Task _loop = Task.CompletedTask;

    public Sight Latest { get; private set; } = Sight.Nothing;

    public void Start() => _loop = RunAsync(_stop.Token);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                Latest = await LookAsync(cancellationToken);
                ShowDns(Latest);
                ShowViews(Latest.Views);
                await Task.Delay(Period, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to stop.
        }
    }

    private async Task<Sight> LookAsync(CancellationToken cancellationToken)
    {
        var live = kubelet.Live;
        var views = await Task.WhenAll(live.Select(pod => client.ViewAsync(pod, cancellationToken)));
        return new Sight(
            await dns.ReadAsync(Service(DnsControl.Discovery), "discovery", cancellationToken),
            await dns.ReadAsync(Service(DnsControl.Ready), "gateway", cancellationToken),
            live.Zip(views)
                .Where(pair => pair.Second is not null)
                .ToDictionary(pair => pair.First, pair => pair.Second!));
    }

    private static string Service(string name) => $"{name}.{DnsControl.Namespace}.svc.cluster.local";

    private void ShowDns(Sight sight)
    {
        var text = $"listed: {Names(sight, sight.Discovery)}; ready: {Names(sight, sight.Ready)}";
        if (text != _shownDns)
        {
            _shownDns = text;
            screen.Line("DNS", text, "blue");
        }
    }

    /// <summary>One line for all silos whose view became the same.</summary>
    private void ShowViews(IReadOnlyDictionary<Pod, SiloView> views)
    {
        var texts = views.ToDictionary(pair => pair.Key, pair => Describe(pair.Value));
        var changed = texts.Where(pair => _shown.GetValueOrDefault(pair.Key) != pair.Value).ToList();
        foreach (var group in changed.GroupBy(pair => pair.Value))
        {
            var names = string.Join(", ", group.Select(pair => pair.Key.Name).Order());
            var who = texts.Count > 1 && texts.Values.All(text => text == group.Key)
                ? $"all {texts.Count} silos see"
                : $"{names} {(group.Count() > 1 ? "see" : "sees")}";
            screen.Line(who, group.Key, "green");
        }

        foreach (var (pod, text) in changed)
        {
            _shown[pod] = text;
        }
    }

    private static string Describe(SiloView view) => string.Join("; ", view.Members
        .GroupBy(member => member.Status)
        .OrderBy(group => group.Key == "Active" ? "" : group.Key)
        .Select(group => $"{group.Count()} {group.Key}: "
            + string.Join(" ", group.Select(member => Label(member.Name, member.Address)))));

    /// <summary>The discovery service knows the names; sorted, for the order of an answer means nothing.</summary>
    private static string Names(Sight sight, IReadOnlyDictionary<IPAddress, string> listed) => listed.Count == 0
        ? "nobody"
        : string.Join(" ", listed
            .Select(pair => Label(sight.Discovery.GetValueOrDefault(pair.Key, pair.Value), pair.Key))
            .Order(StringComparer.Ordinal));

    /// <summary>The name and the end of the address: a replacement differs from its predecessor only there.</summary>
    private static string Label(string name, IPAddress address) => $"{name}(.{address.GetAddressBytes()[^1]})";
}
