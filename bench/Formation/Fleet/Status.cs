using System.Net.Http.Json;
using System.Text.Json;

namespace FormationBench.Fleet;

/// <summary>Asks the status port of kubedns, where its own state matters: who leads, and whether enough vote.</summary>
internal sealed class Status : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>Waits until one leads and as many vote as in a cluster of this size; returns who leads.</summary>
    public async Task<SiloProcess> UntilSettledAsync(IReadOnlyList<SiloProcess> silos, CancellationToken stop)
    {
        var voters = silos.Count switch { < 3 => 1, < 5 => 3, _ => 5 };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Limit);
        try
        {
            while (true)
            {
                var told = await Task.WhenAll(silos.Select(silo => AskAsync(silo, limit.Token)));
                var leaders = silos.Where((_, index) => told[index].IsLeader).ToList();
                if (leaders.Count == 1 && told.All(each => each.Voters == voters)) return leaders[0];
                await Task.Delay(Period, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new TrialFailed($"{voters} voters and a leader: not within {Limit.TotalSeconds:0} s");
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<(bool IsLeader, int Voters)> AskAsync(SiloProcess silo, CancellationToken stop)
    {
        try
        {
            var settings = silo.Settings;
            var status = await _http.GetFromJsonAsync<JsonElement>(
                $"http://{settings.Address}:{settings.StatusPort}/statusz", stop);
            return (status.GetProperty("isLeader").GetBoolean(), status.GetProperty("voters").GetArrayLength());
        }
        catch (HttpRequestException)
        {
            return (false, 0);
        }
    }
}
