using System.Net.Http.Json;
using System.Text.Json;
using Demo;

namespace Formation;

/// <summary>What one silo said of itself: its status, and the addresses that it sees as Active.</summary>
internal sealed record Told(Guid Lineage, bool IsActive, bool IsLeader, int Voters, IReadOnlySet<string> Active)
{
    public bool HasLineage => Lineage != Guid.Empty;

    /// <summary>This silo's own address, as it stands in the others' views.</summary>
    public string Silo { get; init; } = "";

    /// <summary>What this incarnation is called in the silos' logs.</summary>
    public string Member { get; init; } = "";

    public int Epoch { get; init; }

    public int TableVersion { get; init; }

    /// <summary>Who founded the epoch, or rescued into it.</summary>
    public string EpochBy { get; init; } = "";

    /// <summary>Says that it sees a majority of its epoch's voters that works.</summary>
    public bool HasMajority { get; init; }

    public IReadOnlyList<string> VoterNames { get; init; } = [];

    /// <summary>What its application sees: every silo with its status; empty before it is Active.</summary>
    public IReadOnlyDictionary<string, string> View { get; init; } = new Dictionary<string, string>();

    public long ViewVersion { get; init; } = -1;
}

/// <summary>Asks a silo's status port and its application. No answer yet gives null.</summary>
internal sealed class Watch(HttpClient http, SiloClient client)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<Told?> AskAsync(Pod pod, CancellationToken stop)
    {
        if (await StatusAsync(pod, stop) is not { } status) return null;
        var isActive = status.GetProperty("silo").GetString() == "Active";
        // Before it is Active its view cannot be whole; asking for it would only take time from it.
        var view = isActive ? await client.ViewAsync(pod, stop) : null;
        var active = view?.Members.Where(member => member.IsActive).Select(member => member.Silo).ToHashSet() ?? [];
        var voters = status.GetProperty("voters").EnumerateArray().Select(voter => voter.GetString()!).ToList();
        return new Told(
            status.GetProperty("lineage").GetGuid(), isActive, status.GetProperty("isLeader").GetBoolean(),
            voters.Count, active)
        {
            Silo = status.GetProperty("selfSilo").GetString()!,
            Member = $"{pod.Name}/{status.GetProperty("selfNonce").GetString()![..6]}",
            Epoch = status.GetProperty("epoch").GetInt32(),
            TableVersion = status.GetProperty("tableVersion").GetInt32(),
            EpochBy = status.GetProperty("epochBy").GetString()!,
            HasMajority = status.GetProperty("hasMajority").GetBoolean(),
            VoterNames = voters,
            View = view?.Members.ToDictionary(member => member.Silo, member => member.Status) ?? [],
            ViewVersion = view?.Version ?? -1,
        };
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
