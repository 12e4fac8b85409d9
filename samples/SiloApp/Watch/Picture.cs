using System.Net;

namespace SiloApp.Watch;

/// <summary>One address, as DNS and as the silos see it.</summary>
internal sealed record PictureRow(string Name, string Address, bool IsListed, bool IsReady, bool Votes)
{
    /// <summary>Its status in the newest view, and by how many of the answering silos it is seen so.</summary>
    public string Status { get; init; } = "";

    public int SeenBy { get; init; }

    /// <summary>What the silo waits for, if it says so.</summary>
    public string Waiting { get; init; } = "";
}

/// <summary>DNS and membership at one moment, side by side.</summary>
internal sealed record Picture(IReadOnlyList<PictureRow> Rows, int Answering)
{
    /// <summary>Whoever is listed is ready and Active in all views, and nobody else is Active in any.</summary>
    public bool IsSettled => Rows.Count > 0 && Rows.All(row => row.Status == "Active"
        ? row is { IsListed: true, IsReady: true } && row.SeenBy == Answering
        : !row.IsListed);

    public static async Task<Picture> TakeAsync(
        WatchSettings settings, DnsView dns, SiloReader silos, CancellationToken cancellationToken)
    {
        var listed = await dns.ReadAsync(settings.Discovery, settings.Port, cancellationToken);
        var ready = settings.Ready is { } service
            ? await dns.ReadAsync(service, settings.Port, cancellationToken) : null;
        var told = await Task.WhenAll(listed.Keys.Select(
            address => AskAsync(settings, silos, address, cancellationToken)));
        return Of(listed, ready, told);
    }

    private static async Task<Told> AskAsync(
        WatchSettings settings, SiloReader silos, IPAddress address, CancellationToken cancellationToken)
    {
        var status = $"http://{new IPEndPoint(address, settings.StatusPort)}";
        var app = $"http://{new IPEndPoint(address, settings.AppPort)}";
        var view = silos.ViewAsync(app, cancellationToken);
        var voters = silos.VotersAsync(status, cancellationToken);
        var waiting = silos.WaitingForAsync(status, cancellationToken);
        return new Told(address, await view, await voters ?? [], await waiting ?? "");
    }

    private static Picture Of(
        IReadOnlyDictionary<IPAddress, string> listed, IReadOnlyDictionary<IPAddress, string>? ready,
        IReadOnlyList<Told> told)
    {
        var views = told.Select(each => each.View).OfType<SiloView>().ToList();
        var newest = views.MaxBy(view => view.Version)?.Members ?? [];
        var voters = told.SelectMany(each => each.Voters).Select(name => name.Split('.')[0]).ToHashSet();
        var waiting = told.ToDictionary(each => each.Address, each => each.Waiting);
        var members = newest.Where(member => member.Status != "Dead" || listed.ContainsKey(member.Address))
            .GroupBy(member => member.Address).ToDictionary(group => group.Key, group => group.Last());
        var rows = listed.Keys.Union(members.Keys).Select(address =>
        {
            var member = members.GetValueOrDefault(address);
            var name = listed.GetValueOrDefault(address) ?? member?.Name ?? "";
            return new PictureRow(
                name, $"{address}", listed.ContainsKey(address), ready is null || ready.ContainsKey(address),
                voters.Contains(name))
            {
                Status = member?.Status ?? "",
                SeenBy = member is null ? 0 : views.Count(view => view.Members.Contains(member)),
                Waiting = waiting.GetValueOrDefault(address) ?? "",
            };
        });
        return new Picture(
            [.. rows.OrderBy(row => row.Name, StringComparer.Ordinal).ThenBy(row => row.Address)], views.Count);
    }

    private sealed record Told(IPAddress Address, SiloView? View, IReadOnlyList<string> Voters, string Waiting);
}
