using SiloApp.Watch;

namespace Demo;

/// <summary>Who answered a call, as <c>/call</c> tells.</summary>
internal sealed record CallAnswer(string From, string RanOn, string Name, double Milliseconds);

/// <summary>Asks the pods' silos what they know. No answer gives null: that is news, not a failure.</summary>
internal sealed class SiloClient(HttpClient http)
{
    private readonly SiloReader _reader = new(http);

    public async Task<bool> IsReadyAsync(Pod pod, TimeSpan patience, CancellationToken cancellationToken) =>
        await _reader.GetAsync(pod.StatusUrl + "/readyz", patience,
            answer => Task.FromResult(answer.IsSuccessStatusCode), cancellationToken);

    public Task<SiloView?> ViewAsync(Pod pod, CancellationToken cancellationToken) =>
        _reader.ViewAsync(pod.AppUrl, cancellationToken);

    public Task<CallAnswer?> CallAsync(Pod from, string silo, CancellationToken cancellationToken) =>
        _reader.GetAsync($"{from.AppUrl}/call?silo={Uri.EscapeDataString(silo)}", TimeSpan.FromSeconds(15),
            SiloReader.ReadOrNull<CallAnswer>, cancellationToken);

    /// <summary>What <c>/statusz</c> lists as voters; null if it cannot be told.</summary>
    public Task<IReadOnlyList<string>?> VotersAsync(Pod pod, CancellationToken cancellationToken) =>
        _reader.VotersAsync(pod.StatusUrl, cancellationToken);

    /// <summary>Why a silo is not there yet: the one line of <c>/startupz</c>.</summary>
    public Task<string?> WaitingForAsync(Pod pod, CancellationToken cancellationToken) =>
        _reader.WaitingForAsync(pod.StatusUrl, cancellationToken);
}
