using System.Net.Http.Json;
using System.Text.Json;
using Demo;

namespace Formation;

/// <summary>What one silo said of itself: its status, and the addresses that it sees as Active.</summary>
internal sealed record Told(Guid Lineage, bool IsActive, bool IsLeader, int Voters, IReadOnlySet<string> Active)
{
    public bool HasLineage => Lineage != Guid.Empty;
}

/// <summary>Asks a silo's status port and its application. No answer yet gives null.</summary>
internal sealed class Watch(HttpClient http, SiloClient client)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<Told?> AskAsync(Pod pod, CancellationToken stop)
    {
        if (await StatusAsync(pod, stop) is not { } status) return null;
        var lineage = status.GetProperty("lineage").GetGuid();
        var isActive = status.GetProperty("silo").GetString() == "Active";
        // Before it is Active its view cannot be whole; asking for it would only take time from it.
        var view = isActive ? await client.ViewAsync(pod, stop) : null;
        var active = view?.Members.Where(member => member.IsActive).Select(member => member.Silo).ToHashSet() ?? [];
        return new Told(
            lineage, isActive, status.GetProperty("isLeader").GetBoolean(),
            status.GetProperty("voters").GetArrayLength(), active);
    }

    private async Task<JsonElement?> StatusAsync(Pod pod, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            return await http.GetFromJsonAsync<JsonElement>(pod.StatusUrl + "/statusz", limit.Token);
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or IOException
            || (failure is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return null;
        }
    }
}
