using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace SiloApp.Watch;

/// <summary>One silo in another's view.</summary>
internal sealed record SeenSilo(string Silo, string Name, string Status)
{
    public IPAddress Address => IPEndPoint.Parse(Silo[..Silo.IndexOf('@')]).Address;

    public bool IsActive => Status == "Active";
}

/// <summary>A silo's view of the cluster, as its <c>/cluster</c> answers.</summary>
internal sealed record SiloView(long Version, IReadOnlyList<SeenSilo> Members);

/// <summary>Asks silos what they know. No answer gives null: that is news, not a failure.</summary>
internal sealed class SiloReader(HttpClient http)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public Task<SiloView?> ViewAsync(string app, CancellationToken cancellationToken) =>
        GetAsync(app + "/cluster", Patience, ReadOrNull<SiloView>, cancellationToken);

    /// <summary>What <c>/statusz</c> lists as voters; null if it cannot be told.</summary>
    public Task<IReadOnlyList<string>?> VotersAsync(string status, CancellationToken cancellationToken) =>
        GetAsync(status + "/statusz", Patience, async answer =>
        {
            var told = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
            return told.TryGetProperty("voters", out var voters) && voters.ValueKind == JsonValueKind.Array
                ? (IReadOnlyList<string>?)voters.EnumerateArray().Select(voter => voter.ToString()).ToList()
                : null;
        }, cancellationToken);

    /// <summary>Why a silo is not there yet: the one line of <c>/startupz</c>.</summary>
    public Task<string?> WaitingForAsync(string status, CancellationToken cancellationToken) =>
        GetAsync<string?>(status + "/startupz", Patience, async answer => answer.IsSuccessStatusCode
            ? null
            : (await answer.Content.ReadAsStringAsync(cancellationToken)).Trim(), cancellationToken);

    public static async Task<T?> ReadOrNull<T>(HttpResponseMessage answer) where T : class =>
        answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<T>() : null;

    public async Task<T?> GetAsync<T>(
        string url, TimeSpan patience, Func<HttpResponseMessage, Task<T?>> read, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            using var answer = await http.GetAsync(url, limit.Token);
            return await read(answer);
        }
        catch (Exception failure) when (failure is HttpRequestException or JsonException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return default;
        }
    }
}
