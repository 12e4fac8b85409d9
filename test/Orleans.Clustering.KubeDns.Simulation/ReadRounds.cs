using Orleans.Clustering.KubeDns.Consensus;
using Orleans.Clustering.KubeDns.Table;

namespace Orleans.Clustering.KubeDns.Simulation;

/// <summary>
/// Holds every read against its round (protocol § 4): a majority of the voters of the very state it returns must have
/// spoken in one round that began after the read did.
/// </summary>
internal sealed class ReadRounds(World world, History history)
{
    private readonly Dictionary<RequestId, long> _askedAt = [];
    private readonly Dictionary<Nonce, List<Round>> _rounds = [];

    public void OnSent(SimProcess process, Envelope envelope)
    {
        switch (envelope.Body)
        {
            case Read read: _askedAt.TryAdd(read.Id, world.Now); break;
            case Probe probe: Begin(process, probe.Round); break;
            case Mark mark: Find(envelope.To, mark.Round)?.Marked.Add(process.Self.Nonce); break;
            case ReadDone { Answer: Answer.Done } done when _askedAt.TryGetValue(done.Id, out var askedAt):
                RequireConfirmed(process, history.At((envelope.Lineage, envelope.Epoch), done.Index), askedAt);
                break;
        }
    }

    /// <summary>A read that its asker served itself: no message tells of it.</summary>
    public void OnOwn(SimProcess reader, ClusterState state, long askedAt) =>
        RequireConfirmed(reader, history.At((state.Lineage, state.Epoch), state.Index), askedAt);

    private void RequireConfirmed(SimProcess reader, ClusterState? state, long askedAt)
    {
        if (state is null || state.Majority == 1) return;
        var rounds = _rounds.GetValueOrDefault(reader.Self.Nonce) ?? [];
        var isConfirmed = rounds.Exists(round => round.BeganAt >= askedAt && state.Majority <= state.Voters.Count(
            voter => voter == reader.Self || round.Marked.Contains(voter.Nonce)));
        Checkers.Require(isConfirmed, "I2",
            $"{reader} read {state.Index}, which no majority of its voters {state.Voters} confirmed");
    }

    // The one under way, and the one before it, which may be reported in the step that begins the next.
    private void Begin(SimProcess reader, long number)
    {
        if (!_rounds.TryGetValue(reader.Self.Nonce, out var rounds)) _rounds[reader.Self.Nonce] = rounds = [];
        if (rounds.Count > 0 && rounds[^1].Number == number) return;
        if (rounds.Count > 1) rounds.RemoveAt(0);
        rounds.Add(new Round(number, world.Now, []));
    }

    private Round? Find(Nonce reader, long number) =>
        _rounds.GetValueOrDefault(reader)?.Find(round => round.Number == number);

    private sealed record Round(long Number, long BeganAt, HashSet<Nonce> Marked);
}
