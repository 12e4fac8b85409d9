using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Consensus;

/// <summary>
/// Fetches what others have beyond us, and hands on what we have (protocol §§ 4, 5, 8). State kept: when to ask again.
/// Invariants kept: only what was decided is handed on; who has promised to leave its epoch hands on nothing of it.
/// </summary>
internal sealed class CatchUp(Local local, Peers peers)
{
    private const long AskEvery = 100;

    private long _askAt;

    /// <summary>Fetches what the sender has beyond us, or the epoch that we promised.</summary>
    public void From(Envelope envelope, long index, Standing standing)
    {
        if (envelope.Lineage == Guid.Empty || local.Now < _askAt || !MayTake(envelope, index, standing)) return;
        _askAt = local.Now + AskEvery;
        local.Ask(envelope.From, new Fetch(local.State?.Index ?? -1));
    }

    public Fetched? On(Envelope envelope, Fetch fetch)
    {
        if (local.State is not { } state || !local.MayTakePart) return null;
        var isOurs = envelope.Lineage == state.Lineage && envelope.Epoch == state.Epoch;
        var isBehind = envelope.Lineage == state.Lineage && envelope.Epoch.CompareTo(state.Epoch) < 0;
        if (envelope.Lineage != Guid.Empty && !isOurs && !isBehind) return null;
        return new Fetched(local.NewsAfter(isOurs ? Math.Min(fetch.Index, state.Index) : -1), local.AllBeats());
    }

    public void On(Envelope envelope, Fetched fetched)
    {
        if (local.State is null && local.IsMute) return;
        var before = local.State;
        var isOurs = before is null || (before.Lineage == envelope.Lineage && before.Epoch == envelope.Epoch);
        if (!isOurs && envelope.Epoch != local.Promised) return;
        local.Install(fetched.News);
        local.Keep(fetched.Beats);
        if (before?.Epoch != local.State?.Epoch && local.State is { } state)
            local.Trace("Joined", $"lineage {state.Lineage:N} at {state.Index}, voters {state.Voters}");
    }

    // Who has none takes the lineage that will outlive the others, should there be several (§ 8).
    private bool MayTake(Envelope envelope, long index, Standing standing)
    {
        if (local.State is not { } state) return !local.IsMute && peers.Prefers(envelope, standing);
        if (state.Lineage != envelope.Lineage) return false;
        return local.IsBarred ? envelope.Epoch == local.Promised
            : envelope.Epoch == state.Epoch && index > state.Index;
    }
}
